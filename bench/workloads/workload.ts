/**
 * A workload: something measured for a contestant, again and again. Figures are per marble where not said otherwise.
 */
import type { Contestant } from '../contestants/contestant.js';
import type { Cores } from '../cores.js';
import type { Cost, Lab } from '../lab.js';
import type { ServerKind } from '../servers/index.js';
import type { Safety } from '../servers/redis.js';

export interface Figures {
  readonly perSecond?: number;
  readonly serverCpuUs?: number;
  readonly nodeCpuUs?: number;
  readonly commands?: number;
  readonly scripts?: number;
  /** The time that Redis worked on scripts, by its own count. */
  readonly scriptUs?: number;
  readonly bytes?: number;
  /** Redis memory of a waiting marble, in bytes, and what of it is the data. */
  readonly waitingBytes?: number;
  /** The share of one core, in percent. */
  readonly serverCpuShare?: number;
  readonly nodeCpuShare?: number;
  readonly commandsPerSecond?: number;
  /** Memory of the sending process at the most. */
  readonly peakMiB?: number;
  /** A sweep that finds nothing to bring back. */
  readonly calmSweepMs?: number;
  /** The longest that a holder was not heard of. */
  readonly silenceMs?: number;
  /** The longest that one command held Redis up. */
  readonly slowestMs?: number;
  /** The round trip of a link, as a ping finds it. */
  readonly roundTripMs?: number;
  readonly p50Us?: number;
  readonly p99Us?: number;
  readonly p999Us?: number;
}

export interface Workload {
  readonly name: string;
  /** Names of those that take part. */
  readonly contestants: readonly string[];
  /**
   * Rounds at the most, for what takes long or does not vary. A point of a curve needs one: its neighbours tell whether
   * it is right. Default: as many as the bench is told.
   */
  readonly mostRounds?: number;
  /**
   * Rows that follow each other and have the same group are measured in turns, round by round: a target compares them,
   * and what else the machine does is to fall on all of them alike. Default: a row is by itself.
   */
  readonly group?: string;
  /** Default: any. */
  readonly cores?: Cores;
  /** Default: that of the contestant. */
  readonly server?: ServerKind;
  /** Makes the Redis of this workload safer. Default: nothing; it writes nothing to disk. */
  readonly safety?: Safety;
  /** Begins with an empty server and no process. */
  measure(lab: Lab, contestant: Contestant): Promise<Figures>;
}

/** The part that all workloads are told alike. */
export type Row = Pick<Workload, 'name' | 'contestants' | 'mostRounds' | 'group' | 'cores' | 'server' | 'safety'>;

/** Puts rows that are measured in turns together. The others are each by itself. */
export function inGroups<T extends Pick<Workload, 'group'>>(rows: readonly T[]): T[][] {
  const groups: T[][] = [];
  for (const row of rows) {
    const last = groups.at(-1);
    if (row.group !== undefined && last?.[0]!.group === row.group) last.push(row);
    else groups.push([row]);
  }
  return groups;
}

export interface Size {
  /** The number for a contestant of weight 1. */
  readonly marbles: number;
  /** The most that a weight counts here. Default: no limit. */
  readonly mostWeight?: number | undefined;
}

export function marblesOf({ marbles, mostWeight = Infinity }: Size, weight: number): number {
  return Math.ceil(marbles * Math.min(weight, mostWeight));
}

/** `us`: the time that counts, where it is not all that the work took. */
export function perMarble(cost: Cost, n: number, us = cost.us): Figures {
  return {
    perSecond: (n / us) * 1e6,
    serverCpuUs: cost.serverCpuUs / n,
    nodeCpuUs: cost.nodeCpuUs / n,
    commands: cost.commands / n,
    scripts: cost.scripts / n,
    scriptUs: cost.scriptUs / n,
    bytes: cost.bytes / n,
  };
}
