/**
 * A workload: something measured for a contestant, again and again. Figures are per marble where not said otherwise.
 */
import type { Contestant } from '../contestants/contestant.js';
import type { Cost, Lab } from '../lab.js';

export interface Figures {
  readonly perSecond?: number;
  readonly redisCpuUs?: number;
  readonly nodeCpuUs?: number;
  readonly commands?: number;
  readonly bytes?: number;
  /** Redis memory of a waiting marble, in bytes, and what of it is the data. */
  readonly waitingBytes?: number;
  /** The share of one core, in percent. */
  readonly redisCpuShare?: number;
  readonly commandsPerSecond?: number;
  /** Memory of the sending process at the most. */
  readonly peakMiB?: number;
  /** A sweep that finds nothing to bring back. */
  readonly calmSweepMs?: number;
  /** The longest that a holder was not heard of. */
  readonly silenceMs?: number;
  /** The longest that one command held Redis up. */
  readonly slowestMs?: number;
  readonly p50Us?: number;
  readonly p99Us?: number;
  readonly p999Us?: number;
}

export interface Workload {
  readonly name: string;
  /** Absent: all take part. */
  readonly contestants?: readonly string[] | undefined;
  /** A point of a curve: measured once, for its neighbours tell whether it is right. */
  readonly once?: boolean;
  /** Begins with an empty Redis and no process. */
  measure(lab: Lab, contestant: Contestant): Promise<Figures>;
}

/** `us`: the time that counts, where it is not all that the work took. */
export function perMarble(cost: Cost, n: number, us = cost.us): Figures {
  return {
    perSecond: (n / us) * 1e6,
    redisCpuUs: cost.redisCpuUs / n,
    nodeCpuUs: cost.nodeCpuUs / n,
    commands: cost.commands / n,
    bytes: cost.bytes / n,
  };
}
