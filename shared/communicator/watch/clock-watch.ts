/**
 * Notices that Redis's clock has gone back, and sets the dates of the run right.
 *
 * Redis's clock decides all dates of a run. It may go back: a person or a time server sets it, or a failover leads to a
 * machine whose clock is behind. Anything dated before then lies too far ahead, and would come back that much too late.
 *
 * A Monitor looks at the clock with every sweep. Redis keeps the latest time that any Monitor has seen, so it does not
 * matter which of them notices. Leases and time limits are then cut down to the longest that they can be, and delayed
 * marbles become due earlier by as much as the clock went back. What may go wrong: the Monitor dies meanwhile; the next
 * sweep does the rest.
 */
import type { Connection } from '../redis/connection.js';
import type { RunKeys } from '../redis/keys.js';
import { callScript, type ScriptCall, type ScriptName, type ScriptReply } from '../redis/scripts.js';

export interface ClockBack {
  /** How far the clock has gone back, in ms. */
  readonly ms: number;
  /** How many leases, time limits and delayed marbles lay too far ahead and were set right. */
  readonly leases: number;
  readonly limits: number;
  readonly delayed: number;
}

/** The largest step back that is ignored: clocks are corrected by less all the time. */
const UNNOTICED_MS = 1000;
const STEP = { holders: 250, marbles: 250, bytes: 1_048_576 } as const;
const UNKNOWN_LEASE_MS = 60_000;

export class ClockWatch {
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  /** Looks at the clock. Undefined where it has not gone back. */
  async look(): Promise<ClockBack | undefined> {
    const ms = await this.#script('clock', { args: { unnoticedMs: UNNOTICED_MS } });
    if (ms === 0) return undefined;
    const { leases, limits } = await this.#clamp();
    return { ms, leases, limits, delayed: await this.#rewind() };
  }

  async #clamp(): Promise<{ leases: number; limits: number }> {
    const total = { leases: 0, limits: 0 };
    const { holders, deadlines } = this.keys;
    await this.#each(holders, (names) => this.#clampSome(new Map(names.map((name) => [name, []])), total));
    await this.#each(deadlines, async (members) => {
      const receipts = new Map<string, string[]>();
      for (const member of members) {
        const [holder = '', receipt = ''] = member.split(' ');
        receipts.set(holder, [...(receipts.get(holder) ?? []), receipt]);
      }
      await this.#clampSome(receipts, total);
    });
    return total;
  }

  async #clampSome(receipts: Map<string, string[]>, total: { leases: number; limits: number }): Promise<void> {
    const { holder, held } = this.keys;
    const [leases, limits] = await this.#script('clamp', {
      args: { unknownLeaseMs: UNKNOWN_LEASE_MS },
      moreKeys: [...receipts.keys()].flatMap((name) => [holder(name), held(name)]),
      moreArgs: [...receipts].flatMap(([name, some]) => [name, some.length, ...some]),
    });
    total.leases += leases;
    total.limits += limits;
  }

  async #rewind(): Promise<number> {
    const args = { most: STEP.marbles, mostBytes: STEP.bytes };
    for (let delayed = 0; ;) {
      const [moved, more] = await this.#script('rewind', { args });
      delayed += moved;
      if (more !== '1') return delayed;
    }
  }

  /** Walks through a sorted set, some members at a time. A member that is there all the while is not left out. */
  async #each(key: string, work: (members: string[]) => Promise<void>): Promise<void> {
    let cursor = '0';
    do {
      const [next, flat] = await this.connection.run((redis) => redis.zscan(key, cursor, 'COUNT', STEP.holders));
      await work(flat.filter((_, i) => i % 2 === 0));
      cursor = next;
    } while (cursor !== '0');
  }

  #script<Name extends ScriptName>(name: Name, call: ScriptCall<Name>): Promise<ScriptReply<Name>> {
    return this.connection.run((redis) => callScript(redis, this.keys, name, call));
  }
}
