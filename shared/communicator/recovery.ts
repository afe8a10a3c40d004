/**
 * Brings back what was dropped: the verbs of the Monitor.
 *
 * Each works in steps that are bounded by number and bytes, so Redis is never blocked for long, and
 * looks again, in the same atomic step, whether there is still something to bring back: any number
 * of Monitors may do this at once. Scripts take the keys of queues; which queues a holder has
 * marbles of is learnt from the script's answer (`missing`) and asked again.
 */
import { ClockWatch, type ClockBack } from './clock-watch.js';
import type { Connection } from './connection.js';
import type { RunKeys } from './keys.js';
import { LineTable, batchKeys, runKeys } from './outputs.js';
import { OrphanSearch } from './orphan-search.js';
import type { Frozen } from './progress.js';
import { promoteDue, type Promoted } from './promotion.js';
import { noneRecovered, toldBy, type Recovered } from './recovered.js';
import { callScript, type ScriptArg, type ScriptName } from './scripts.js';
import { SweepFailures } from './sweep-failures.js';

export interface SweepResult {
  /** Marbles back in their queues. */
  returned: number;
  /** Marbles parked as dead. */
  dead: number;
  /** Holders given up. */
  silent: number;
  /** Of all marbles that were taken back: what told that they were to be. */
  recovered: Recovered;
  /** For each holder or group brought back: ms since its lease or time limit had passed. */
  lateMs: number[];
  /** What stood among the holders or deadlines and was none. */
  forgotten: string[];
  /** Where Redis's clock had gone back. */
  clockBack: ClockBack | undefined;
}

export const noSweep = (): SweepResult => ({
  returned: 0,
  dead: 0,
  silent: 0,
  recovered: noneRecovered(),
  lateMs: [],
  forgotten: [],
  clockBack: undefined,
});

const STEP = { marbles: 500, bytes: 1_048_576, due: 1000, lines: 20 } as const;

/** A lease passed longer ago than this was no lease: the holder had no entry, or left one from long ago. */
const PLAUSIBLE_LATE_MS = 86_400_000;

/** What is to be taken back of a holder. */
interface Reclaim {
  readonly holder: string;
  readonly mode: 'dropped' | 'released';
  /** For marbles whose holder did not say. */
  readonly maxAttempts: number;
  /** Only what has not begun. */
  readonly blocked?: Frozen;
  /** Queues of holders before it: most have marbles of the same, and need not be asked which. */
  readonly table?: LineTable;
}

type Counted = [returned: number, dead: number, lateMs: number];
type Due = [silent: string[], overdue: string[], nextInMs: number, forgotten: string[]];

export class Recovery {
  readonly #orphans: OrphanSearch;
  readonly #clock: ClockWatch;

  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {
    this.#orphans = new OrphanSearch(connection, keys);
    this.#clock = new ClockWatch(connection, keys);
  }

  /**
   * Brings back all that is dropped now. `maxAttempts` is for marbles whose holder did not say. Where some cannot be
   * brought back, the others are, and then it throws, with all of that; `result` has what was done.
   */
  async sweep(maxAttempts: number, result = noSweep()): Promise<SweepResult> {
    const failures = new SweepFailures();
    let table = new LineTable(this.keys);
    await failures.attempt('the clock', async () => (result.clockBack = await this.#clock.look()));
    for (let holders = 0, deliveries = 0; ;) {
      const [silent, overdue, , forgotten] = await this.#due(STEP.due, holders, deliveries);
      result.forgotten.push(...forgotten);
      for (const holder of silent) {
        if (table.names.length > STEP.lines) table = new LineTable(this.keys);
        const reclaim = this.#reclaim.bind(this, { holder, mode: 'dropped', maxAttempts, table }, result);
        if (!(await failures.attempt(`holder ${holder}`, reclaim))) holders++;
      }
      for (const [holder, receipts] of byHolder(overdue)) {
        const takeBack = () => this.#overdue(holder, receipts, maxAttempts, result);
        if (!(await failures.attempt(`marbles of ${holder}`, takeBack))) deliveries += receipts.length;
      }
      if (silent.length + forgotten.length < STEP.due && overdue.length + forgotten.length < STEP.due) break;
    }
    failures.tell();
    return result;
  }

  /** Takes back what a holder that leaves still has, as if it had not been taken; also of one that was given up meanwhile. */
  async release(holder: string, waitsOn: string): Promise<void> {
    await this.#script('orphans', [this.keys.holders, this.keys.holder(holder)], [holder, waitsOn]);
    await this.#reclaim({ holder, mode: 'released', maxAttempts: 1 }, noSweep());
  }

  /** Takes back what a holder has not begun, as if it had not been taken: its process is blocked, and others may work on it. */
  async releaseUnbegun(holder: string, blocked: Frozen): Promise<void> {
    await this.#reclaim({ holder, mode: 'released', maxAttempts: 1, blocked }, noSweep());
  }

  /** Ends the lease of a holder that is known to be dead, so that the next sweep brings back what it has. */
  async expire(holder: string): Promise<boolean> {
    return (await this.connection.run((redis) => redis.zadd(this.keys.holders, 'XX', 'CH', 0, holder))) === 1;
  }

  /** Moves delayed marbles that are due into their queues. Returns how many, and ms until the next is due (-1: none waits). */
  async promote(): Promise<Promoted & { nextInMs: number }> {
    const promoted = await promoteDue(this.keys, (name, keys, args) => this.#script(name, keys, args));
    const [, , nextInMs] = await this.#due(0, 0, 0);
    return { ...promoted, nextInMs };
  }

  /** Finds what holders without an entry left behind, in at most so many steps of 1,000 keys; the next sweep brings it back. Returns how many such holders. */
  findOrphans(steps?: number): Promise<number> {
    return this.#orphans.find(steps);
  }

  async #due(most: number, skipHolders: number, skipDeliveries: number): Promise<Due> {
    const { holders, deadlines, later } = this.keys;
    return (await this.#script('due', [holders, deadlines, later], [most, skipHolders, skipDeliveries])) as Due;
  }

  async #reclaim(reclaim: Reclaim, result: SweepResult): Promise<void> {
    const { holder, mode, maxAttempts, blocked, table = new LineTable(this.keys) } = reclaim;
    const { holders, holder: entry, held, landing } = this.keys;
    const begun = blocked ? [blocked.begun, blocked.op, blocked.mayHaveLanded ? '1' : ''] : [];
    for (;;) {
      const [[waitsOn, client, by], ends] = await this.connection.run((redis) =>
        Promise.all([redis.hmget(entry(holder), 'waiting', 'client', 'by'), redis.zscore(holders, holder)]),
      );
      if (client && (mode === 'dropped' || blocked?.mayHaveLanded)) await this.#endWait(client);
      const waiting = waitsOn ?? '';
      const keys = [
        holders,
        entry(holder),
        held(holder),
        landing(holder, waiting),
        ...table.keys,
        ...batchKeys(this.keys),
      ];
      const head = [holder, mode, maxAttempts, STEP.marbles, STEP.bytes, waiting];
      const args = [...head, table.names.length, ...table.names, ...begun];
      const [status, ...rest] = (await this.#script('reclaim', [...runKeys(this.keys), ...keys], args)) as [
        string,
        ...unknown[],
      ];
      if (status === 'alive') return;
      if (status === 'missing') for (const queue of rest as string[]) table.line(queue);
      else if (tally(result, rest as Counted, status, toldBy(by, ends))) return;
    }
  }

  /**
   * Ends the wait of a silent or blocked holder, or what is sent would land with it for as long as that lasts. A holder that
   * is so no more waits again. So does whoever else has this id now: ids begin anew when Redis does.
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
        ...batchKeys(this.keys),
      ];
      const args = [holder, maxAttempts, table.names.length, ...table.names, ...lines];
      const [returned, dead, late, limited] = (await this.#script('overdue', keys, args)) as [...Counted, number];
      result.returned += returned;
      result.dead += dead;
      result.recovered.limit += limited;
      result.recovered.abandoned += returned + dead - limited;
      if (late > 0) result.lateMs.push(late);
    }
  }

  #script(name: ScriptName, keys: string[], args: ScriptArg[]): Promise<unknown> {
    return this.connection.run((redis) => callScript(redis, name, keys, args));
  }
}

/** Adds what one step of a reclaim did; true where it was the last. */
function tally(result: SweepResult, [returned, dead, late]: Counted, status: string, by: keyof Recovered): boolean {
  result.returned += returned;
  result.dead += dead;
  result.recovered[by] += returned + dead;
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
