/**
 * Brings back what was dropped. These are the verbs of the Monitor.
 *
 * Each verb works in steps that are bounded by number and bytes, so Redis is never blocked for long. Each step looks
 * again, within itself, whether there is still something to bring back. So any number of Monitors may do this at once.
 * Scripts need the keys of queues. The script's answer (`missing`) tells which queues a holder has marbles of, and it
 * is asked again with these.
 */
import { ClockWatch, type ClockBack } from './clock-watch.js';
import type { Connection } from '../redis/connection.js';
import type { RunKeys } from '../redis/keys.js';
import { LineTable } from '../send/outputs.js';
import { OrphanSearch } from './orphan-search.js';
import type { Frozen } from '../hold/progress.js';
import { promoteDue, type Promoted } from './promotion.js';
import { noneRecovered, toldBy, type Recovered } from './recovered.js';
import { wakeAgain } from '../hold/wake-ups.js';
import { callScript, type ScriptCall, type ScriptName, type ScriptReply } from '../redis/scripts.js';
import { SweepFailures } from './sweep-failures.js';

export interface SweepResult {
  /** Marbles back in their queues. */
  returned: number;
  /** Marbles parked as dead. */
  dead: number;
  /** Holders given up. */
  silent: number;
  /** How many marbles were taken back, by what told that they were to be. */
  recovered: Recovered;
  /** How late each holder or group was brought back: ms since its lease or time limit had passed. */
  lateMs: number[];
  /** Invalid members that stood among the holders or deadlines and were removed. */
  forgotten: string[];
  /** How far Redis's clock had gone back, if it had. */
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

/**
 * The most that a lease can plausibly be late. A lease that passed longer ago was not one: the holder had no entry, or
 * left one from long ago.
 */
const PLAUSIBLE_LATE_MS = 86_400_000;

/** A request to take back what a holder has. */
interface Reclaim {
  readonly holder: string;
  readonly mode: 'dropped' | 'released';
  /** The attempts of marbles whose holder did not say. */
  readonly maxAttempts: number;
  /** Set to take back only what has not begun. */
  readonly blocked?: Frozen;
  /** The queues of earlier holders. Most holders have marbles of the same queues, and need not be asked which. */
  readonly table?: LineTable;
}

export class Recovery {
  readonly #orphans: OrphanSearch;
  readonly #clock: ClockWatch;

  /** @internal */
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {
    this.#orphans = new OrphanSearch(connection, keys);
    this.#clock = new ClockWatch(connection, keys);
  }

  /**
   * Brings back all that is dropped now. `maxAttempts` is for marbles whose holder did not say. If some cannot be
   * brought back, the others are. It then throws an error with all these failures, and `result` tells what was done.
   */
  async sweep(maxAttempts: number, result = noSweep()): Promise<SweepResult> {
    const failures = new SweepFailures();
    let table = new LineTable(this.keys);
    await failures.attempt('the clock', async () => (result.clockBack = await this.#clock.look()));
    for (let holders = 0, deliveries = 0; ;) {
      const args = { most: STEP.due, skipHolders: holders, skipDeliveries: deliveries };
      const [silent, overdue, forgotten] = await this.#script('due', { args });
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

  /**
   * @internal Takes back what a holder that leaves still has, as if it had not been taken. It also works for one that was given
   * up meanwhile.
   */
  async release(holder: string, waitsOn: string): Promise<void> {
    await this.#script('orphans', { moreKeys: [this.keys.holder(holder)], moreArgs: [holder, waitsOn] });
    await this.#reclaim({ holder, mode: 'released', maxAttempts: 1 }, noSweep());
  }

  /**
   * @internal Takes back what a holder has not begun, as if it had not been taken. Its process is blocked, and others may work on
   * it.
   */
  async releaseUnbegun(holder: string, blocked: Frozen): Promise<void> {
    await this.#reclaim({ holder, mode: 'released', maxAttempts: 1, blocked }, noSweep());
  }

  /** Ends the lease of a holder that is known to be dead, so that the next sweep brings back what it has. */
  async endLease(holder: string): Promise<boolean> {
    return (await this.connection.run((redis) => redis.zadd(this.keys.holders, 'XX', 'CH', 0, holder))) === 1;
  }

  /**
   * Moves delayed marbles that are due into their queues. Returns how many, and in how many ms the next is due (-1:
   * none waits).
   */
  async promote(): Promise<Promoted & { nextInMs: number }> {
    const promoted = await promoteDue(this.keys, (call) => this.#script('promote', call));
    return { ...promoted, nextInMs: await this.#script('nextDue', {}) };
  }

  /**
   * Finds what holders without an entry left behind, in at most so many steps of 1,000 keys. The next sweep brings it
   * back. Returns how many such holders there were.
   */
  findOrphans(steps?: number): Promise<number> {
    return this.#orphans.find(steps);
  }

  /** Issues wake-ups again that were lost on their way to a holder of several queues. Returns how many. */
  wakeAgain(): Promise<number> {
    return wakeAgain(this.connection, this.keys);
  }

  async #reclaim(reclaim: Reclaim, result: SweepResult): Promise<void> {
    const { holder, mode, maxAttempts, blocked, table = new LineTable(this.keys) } = reclaim;
    const { holders, holder: entry, held, inbox } = this.keys;
    const begun = blocked ? [blocked.begun, blocked.op, blocked.mayBeInInbox ? '1' : ''] : [];
    for (;;) {
      const [[waitsOn, client, by], ends] = await this.connection.run((redis) =>
        Promise.all([redis.hmget(entry(holder), 'waiting', 'client', 'by'), redis.zscore(holders, holder)]),
      );
      if (client && (mode === 'dropped' || blocked?.mayBeInInbox)) await this.#endWait(client);
      const waiting = waitsOn ?? '';
      const reply = await this.#script('reclaim', {
        keys: { holder: entry(holder), held: held(holder), inbox: inbox(holder, waiting) },
        args: { holder, mode, maxAttempts, most: STEP.marbles, mostBytes: STEP.bytes, waiting },
        ...{ moreKeys: table.keys, moreArgs: [table.names.length, ...table.names, ...begun] },
      });
      if (reply[0] === 'alive') return;
      if (reply[0] === 'missing') for (const queue of reply.slice(1)) table.line(queue);
      else if (tally(result, reply, toldBy(by, ends))) return;
    }
  }

  /**
   * Ends the wait of a silent or blocked holder, or what is sent would come into its inbox for as long as the wait lasts. A
   * holder that has recovered simply waits again. So does whoever else has this client id now: ids start anew when
   * Redis does.
   */
  async #endWait(client: string): Promise<void> {
    await this.connection.run((redis) => redis.client('UNBLOCK', Number(client)));
  }

  async #overdue(holder: string, receipts: string[], maxAttempts: number, result: SweepResult): Promise<void> {
    receipts.sort((a, b) => parseInt(b, 10) - parseInt(a, 10)); // the last taken first
    for (let i = 0; i < receipts.length; i += STEP.marbles) {
      const table = new LineTable(this.keys);
      const lines = receipts
        .slice(i, i + STEP.marbles)
        .flatMap((receipt) => [receipt, table.line(receipt.slice(receipt.indexOf('/') + 1))]);
      const [returned, dead, late, limited] = await this.#script('overdue', {
        keys: { holder: this.keys.holder(holder), held: this.keys.held(holder) },
        args: { holder, maxAttempts },
        ...{ moreKeys: table.keys, moreArgs: [table.names.length, ...table.names, ...lines] },
      });
      result.returned += returned;
      result.dead += dead;
      result.recovered.limit += limited;
      result.recovered.abandoned += returned + dead - limited;
      if (late > 0) result.lateMs.push(late);
    }
  }

  #script<Name extends ScriptName>(name: Name, call: ScriptCall<Name>): Promise<ScriptReply<Name>> {
    return this.connection.run((redis) => callScript(redis, this.keys, name, call));
  }
}

type Counted = Extract<ScriptReply<'reclaim'>, ['more' | 'done', ...number[]]>;

/** Adds what one step of a reclaim did. True where it was the last step. */
function tally(result: SweepResult, [status, returned, dead, late]: Counted, by: keyof Recovered): boolean {
  result.returned += returned;
  result.dead += dead;
  result.recovered[by] += returned + dead;
  if (returned + dead > 0 && late < PLAUSIBLE_LATE_MS) result.lateMs.push(late);
  if (status === 'done') result.silent++;
  return status === 'done';
}

/** Groups '<holder> <receipt>' members by holder. */
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
