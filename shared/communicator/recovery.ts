/**
 * Brings back what was dropped: the verbs of the Monitor.
 *
 * Each works in steps that are bounded by number and bytes, so Redis is never blocked for long, and
 * looks again, in the same atomic step, whether there is still something to bring back: any number
 * of Monitors may do this at once. Scripts take the keys of queues; which queues a holder has
 * marbles of is learnt from the script's answer (`missing`) and asked again.
 */
import type { Redis } from 'ioredis';
import type { Connection } from './connection.js';
import type { RunKeys } from './keys.js';
import { LineTable, runKeys } from './outputs.js';
import { callScript } from './scripts.js';

export interface SweepResult {
  /** Marbles back in their queues. */
  returned: number;
  /** Marbles parked as dead. */
  dead: number;
  /** Holders given up. */
  silent: number;
  /** For each holder or group brought back: ms since its lease or time limit had passed. */
  lateMs: number[];
}

const STEP = { marbles: 500, bytes: 1_048_576, due: 1000 } as const;

/** A lease passed longer ago than this was no lease: the holder had no entry, or left one from long ago. */
const PLAUSIBLE_LATE_MS = 86_400_000;

export class Recovery {
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  /** Brings back all that is dropped now. `maxAttempts` is for marbles whose holder did not say. */
  async sweep(maxAttempts: number): Promise<SweepResult> {
    const { holders, deadlines, later } = this.keys;
    const result: SweepResult = { returned: 0, dead: 0, silent: 0, lateMs: [] };
    for (;;) {
      const [silent, overdue] = (await this.#script('due', [holders, deadlines, later], [STEP.due])) as [
        string[],
        string[],
      ];
      for (const holder of silent) await this.#reclaim(holder, 'dropped', maxAttempts, result);
      for (const [holder, receipts] of byHolder(overdue)) await this.#overdue(holder, receipts, maxAttempts, result);
      if (silent.length < STEP.due && overdue.length < STEP.due) return result;
    }
  }

  /** Takes back what a holder that leaves still has, as if it had not been taken; also of one that was given up meanwhile. */
  async release(holder: string, waitsOn: string): Promise<void> {
    await this.#script('orphans', [this.keys.holders, this.keys.holder(holder)], [holder, waitsOn]);
    await this.#reclaim(holder, 'released', 1, { returned: 0, dead: 0, silent: 0, lateMs: [] });
  }

  /** Ends the lease of a holder that is known to be dead, so that the next sweep brings back what it has. */
  async expire(holder: string): Promise<boolean> {
    return (await this.connection.run((redis) => redis.zadd(this.keys.holders, 'XX', 'CH', 0, holder))) === 1;
  }

  /** Moves delayed marbles that are due into their queues. Returns how many, and ms until the next is due (-1: none waits). */
  async promote(): Promise<{ moved: number; nextInMs: number }> {
    const table = new LineTable(this.keys);
    for (let moved = 0; ;) {
      const keys = [...runKeys(this.keys), ...table.keys];
      const args = [STEP.marbles, STEP.bytes, table.names.length, ...table.names];
      const [n, missing, more] = (await this.#script('promote', keys, args)) as [number, string, string];
      moved += n;
      if (missing !== '') table.line(missing);
      if (more !== '1') {
        const { holders, deadlines, later } = this.keys;
        const [, , nextInMs] = (await this.#script('due', [holders, deadlines, later], [0])) as [
          string[],
          string[],
          number,
        ];
        return { moved, nextInMs };
      }
    }
  }

  /** Finds what holders without an entry left behind; the next sweep brings it back. Returns how many such holders. */
  async findOrphans(): Promise<number> {
    const traces = new Map<string, string>();
    for (const prefix of this.keys.traces) {
      await this.connection.run((redis) =>
        scan(redis, prefix, (rest) => {
          const [holder = '', ...queue] = rest.split(':');
          traces.set(holder, queue.join(':') || (traces.get(holder) ?? ''));
        }),
      );
    }
    let found = 0;
    const all = [...traces];
    for (let i = 0; i < all.length; i += STEP.due) {
      const some = all.slice(i, i + STEP.due);
      const keys = [this.keys.holders, ...some.map(([holder]) => this.keys.holder(holder))];
      found += (await this.#script('orphans', keys, some.flat())) as number;
    }
    return found;
  }

  async #reclaim(
    holder: string,
    mode: 'dropped' | 'released',
    maxAttempts: number,
    result: SweepResult,
  ): Promise<void> {
    const { holders, holder: entry, held, landing } = this.keys;
    const table = new LineTable(this.keys);
    for (;;) {
      const [waitsOn, client] = await this.connection.run((redis) => redis.hmget(entry(holder), 'waiting', 'client'));
      if (client && mode === 'dropped') await this.#endWait(client);
      const waiting = waitsOn ?? '';
      const keys = [holders, entry(holder), held(holder), landing(holder, waiting), ...table.keys];
      const args = [holder, mode, maxAttempts, STEP.marbles, STEP.bytes, waiting, table.names.length, ...table.names];
      const [status, ...rest] = (await this.#script('reclaim', [...runKeys(this.keys), ...keys], args)) as [
        string,
        ...unknown[],
      ];
      if (status === 'alive') return;
      if (status === 'missing') for (const queue of rest as string[]) table.line(queue);
      else if (tally(result, rest as [number, number, number], status)) return;
    }
  }

  /**
   * Ends the wait of a silent holder, or what is sent would land with it for as long as that lasts. A holder that is
   * not silent any more waits again. So does whoever else has this id now: ids begin anew when Redis does.
   */
  async #endWait(client: string): Promise<void> {
    await this.connection.run((redis) => redis.client('UNBLOCK', Number(client)));
  }

  async #overdue(holder: string, receipts: string[], maxAttempts: number, result: SweepResult): Promise<void> {
    receipts.sort((a, b) => parseInt(b, 10) - parseInt(a, 10)); // last taken first
    for (let i = 0; i < receipts.length; i += STEP.marbles) {
      const table = new LineTable(this.keys);
      const lines = receipts
        .slice(i, i + STEP.marbles)
        .flatMap((receipt) => [receipt, table.line(receipt.slice(receipt.indexOf('/') + 1))]);
      const keys = [
        ...runKeys(this.keys),
        this.keys.deadlines,
        this.keys.holder(holder),
        this.keys.held(holder),
        ...table.keys,
      ];
      const args = [holder, maxAttempts, table.names.length, ...table.names, ...lines];
      const [returned, dead, late] = (await this.#script('overdue', keys, args)) as [number, number, number];
      result.returned += returned;
      result.dead += dead;
      if (late > 0) result.lateMs.push(late);
    }
  }

  #script(name: Parameters<typeof callScript>[1], keys: string[], args: (string | number)[]): Promise<unknown> {
    return this.connection.run((redis) => callScript(redis, name, keys, args));
  }
}

/** Adds what one step of a reclaim did; true where it was the last. */
function tally(result: SweepResult, [returned, dead, late]: [number, number, number], status: string): boolean {
  result.returned += returned;
  result.dead += dead;
  if (returned + dead > 0 && late < PLAUSIBLE_LATE_MS) result.lateMs.push(late);
  if (status === 'done') result.silent++;
  return status === 'done';
}

/** '<holder> <receipt>' members, by holder. */
function byHolder(members: string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const member of members) {
    const space = member.indexOf(' ');
    const holder = member.slice(0, space);
    const receipt = member.slice(space + 1);
    const list = groups.get(holder);
    if (list) list.push(receipt);
    else groups.set(holder, [receipt]);
  }
  return groups;
}

async function scan(redis: Redis, prefix: string, each: (rest: string) => void): Promise<void> {
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 1000);
    for (const key of keys) each(key.slice(prefix.length));
    cursor = next;
  } while (cursor !== '0');
}
