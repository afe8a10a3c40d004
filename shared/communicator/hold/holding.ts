/**
 * One holder on the bus: what a waiting client holds between taking and finishing.
 *
 * Its commands are numbered and go one at a time, so a command whose reply was lost is answered again and not done
 * again. What may go wrong: the holder was silent for longer than its lease and the Monitor gave it up. Or Redis has
 * lost its last commands (a failover, an old file). Or a command had no answer for as long as the owner allows
 * (`retryTimeoutMs`). In each case `swap` and `giveBack` say `forgotten`, and nothing was done. The owner then leaves
 * and goes on with a new Holding. All that this one held has been, or will be, handed out again.
 */
import { isMarbleRunError } from '../../errors.js';
import type { Connection } from '../redis/connection.js';
import { decodeEnvelope, newId } from '../data/envelope.js';
import type { LargeDataReader } from '../data/large-data.js';
import {
  Held,
  receiptsIn,
  type Beginning,
  type Decode,
  type GiveBackResult,
  type GivenBack,
  type HoldingOptions,
  type SwapRequest,
  type SwapResult,
  type Swapped,
} from './held.js';
import type { RunKeys } from '../redis/keys.js';
import { MOST_IN_INBOX, Inbox } from './inbox.js';
import { loadHeld } from './load-held.js';
import { Progress } from './progress.js';
import type { Recovery } from '../watch/recovery.js';
import { callScript } from '../redis/scripts.js';
import { HolderCommands } from './step.js';
import { beginningList, giveBackLists, type HolderState, type SwapAnswer, type SwapCommand } from './swap-arguments.js';

/** The parts that a holder works with; they belong to its communicator. */
export interface HoldingPlace {
  readonly connection: Connection;
  /** A connection for `block` alone, because a blocking command holds up all behind it. */
  readonly waiting: Connection;
  readonly keys: RunKeys;
  readonly recovery: Recovery;
  readonly largeData: LargeDataReader;
}

export class Holding {
  readonly id = newId();
  readonly progress = new Progress();
  private readonly connection: Connection;
  private readonly keys: RunKeys;
  private readonly recovery: Recovery;
  private readonly largeData: LargeDataReader;
  /** The last command that Redis is known to have noted. Where Redis does not have it, Redis has gone back in time. */
  #noted = 0;
  #count = 0;
  /** True where a crash is charged only to marbles whose beginning was noted. */
  #takesAhead: boolean;
  #waitsOn = '';
  readonly #inbox: Inbox;
  readonly #commands: HolderCommands;
  /** True once a command had no answer: what it did is not known, so this holder is to be left. */
  #unsure = false;
  #turn: Promise<unknown> = Promise.resolve();
  /** Commands that have begun or wait for their turn. */
  #inLine = 0;

  constructor(
    { connection, waiting, keys, recovery, largeData }: HoldingPlace,
    private readonly options: HoldingOptions,
  ) {
    this.connection = connection;
    this.keys = keys;
    this.recovery = recovery;
    this.largeData = largeData;
    this.#takesAhead = options.takesAhead ?? false;
    this.#inbox = new Inbox(connection, waiting, keys);
    this.#commands = new HolderCommands(keys, this.id);
  }

  /** Makes the holder known. It is called once, before anything else. */
  async enter(): Promise<void> {
    const { leaseMs, description, maxAttempts, takesAhead, hasCompany } = this.options;
    const about = {
      ...description,
      maxAttempts: String(maxAttempts),
      ...(takesAhead && { ahead: hasCompany ? '2' : '1' }),
    };
    const keys = { holder: this.keys.holder(this.id), held: this.keys.held(this.id) };
    const call = { keys, args: { holder: this.id, leaseMs }, moreArgs: Object.entries(about).flat() };
    await this.connection.run((redis) => callScript(redis, this.keys, 'enter', call));
  }

  /** Finishes and takes in one round trip. */
  swap(request: SwapRequest): Promise<SwapResult> {
    return this.#inTurn(() => this.#unlessUnsure(() => this.#swap(request)));
  }

  async #swap(asked: SwapRequest): Promise<SwapResult> {
    // Nothing is awaited where nothing need be: a loop comes here for each marble, and each wait costs a microsecond.
    const mayTake = !asked.isAhead || this.#takesAhead || (await this.#mayTakeAhead());
    const request = mayTake ? asked : { ...asked, sources: [], want: 0 };
    const { abandon = [], finish = [], waitOn } = request;
    if (this.#inbox.toEnd) await this.#inbox.endUnknown();
    const inbox = this.#inbox.toAdopt;
    const { op, firstSeq, command } = this.#nextSwap(request, inbox);
    if (abandon.length > 0) this.#count = -1;
    const answer = await this.connection.patient(command);
    if (!answer) return { forgotten: true };
    if (waitOn !== undefined) this.#waitsOn = waitOn;
    this.#inbox.adopted(inbox);
    this.#noteInbox();
    if (finish.length > 0 || answer.taken.length > 0 || inbox?.known) this.#noted = op;
    if (answer.taken.length > 0) this.#commands.noteTake(op, firstSeq);
    const result = this.#read(answer, finish.length);
    if (!this.#takesAhead) await this.#noteOwnLimits(result.taken);
    return result;
  }

  /**
   * Says that this holder takes ahead from now on: work on what it holds may not have begun. As others of its process may
   * do so too, a crash is charged to nobody unless `begin` was told. False where Redis does not take that note (it is full,
   * or fails over): then nothing may be taken ahead, and the swap waits or tells as ever.
   */
  async #mayTakeAhead(): Promise<boolean> {
    try {
      await this.connection.run((redis) => redis.hset(this.keys.holder(this.id), 'ahead', '2'));
      this.#takesAhead = true;
    } catch (error) {
      if (!isMarbleRunError(error)) throw error;
    }
    return this.#takesAhead;
  }

  /** True where work on a marble must be noted before it begins, because a crash is charged to it only then. */
  get takesAhead(): boolean {
    return this.#takesAhead;
  }

  #nextSwap(request: SwapRequest, inbox: HolderState['inbox']): { op: number; firstSeq: number; command: SwapCommand } {
    const { leaseMs, timeLimitMs } = this.options;
    const op = this.progress.nextOp();
    const firstSeq = this.progress.nextSeq;
    // It is made from one literal: V8 gives each copy of an object that fields are added to a layout of its own.
    const state = {
      id: this.id,
      leaseMs,
      timeLimitMs,
      op,
      noted: this.#noted,
      count: this.#count,
      firstSeq,
      waitsOn: this.#waitsOn,
      inbox,
    };
    this.progress.keepSeqs(request.want ?? 0);
    return { op, firstSeq, command: this.#commands.swap(state, request) };
  }

  /**
   * Notes that work on these begins. It is called before the work does. Returns those that are no longer ours: work on
   * them must not begin. It costs a round trip, so it is only for marbles with a limit of their own, and for suspects.
   */
  begin(beginnings: readonly Beginning[]): Promise<Set<Held>> {
    return this.#inTurn(async () => {
      if (this.isInInbox) await this.#swap({}); // adopts what is in the inbox: it may be among these
      return this.#note(beginnings);
    });
  }

  async #note(beginnings: readonly Beginning[]): Promise<Set<Held>> {
    const args = { holder: this.id };
    const call = { keys: { held: this.keys.held(this.id) }, args, moreArgs: beginningList(beginnings) };
    const known = await this.connection.patient((redis) => callScript(redis, this.keys, 'begin', call));
    return new Set(beginnings.filter((_, i) => known[i] === 0).map(({ held }) => held));
  }

  /**
   * Notes the marbles' own time limits before anybody works on them. A limit that only this process knew would not hold
   * if it hangs. Costs nothing where none has one.
   */
  async #noteOwnLimits(taken: readonly Held[]): Promise<void> {
    const limited = taken.filter(({ envelope }) => envelope.timeLimitMs !== undefined);
    if (limited.length === 0) return;
    await this.#note(limited.map((held) => ({ held, timeLimitMs: held.envelope.timeLimitMs })));
  }

  #read({ refused, cancelled, taken: groups }: SwapAnswer, finished: number): Swapped {
    const taken: Held[] = [];
    let n = 0;
    for (const [queueBytes, first, envelopes] of groups) {
      const queue = String(queueBytes);
      for (let i = 0; i < envelopes.length; i++, n++) {
        const held = this.#readable(first + i, queue, envelopes[i]!);
        if (held) taken.push(held);
      }
    }
    if (this.#count >= 0) this.#count = refused.length > 0 ? -1 : this.#count + n - finished;
    return { forgotten: false, taken, refused: receiptsIn(refused), cancelled: cancelled.map(String) };
  }

  /**
   * Reads an envelope. Bytes that are not one go to the dead at once, with their reason: the others must not wait for
   * them.
   */
  #readable(seq: number, queue: string, bytes: Buffer): Held | undefined {
    try {
      return new Held(seq, queue, decodeEnvelope(bytes), this);
    } catch (error) {
      const held = new Held(seq, queue, { id: '-', attempt: 0, sentAt: 0, type: 'b', data: bytes }, this);
      const { message } = error as Error;
      void this.giveBack([{ held, verdict: 'fail', delayMs: 0, error: { message } }]).catch(() => undefined);
      return undefined;
    }
  }

  /**
   * Waits for one marble of `queue`; the swap before must have named it as `waitOn`. Undefined when none came within
   * `ms`, when `unblock` was called, or when the outcome is not known: the next swap then tells. It waits in commands
   * of up to `sliceMs`. The first is shorter by chance, or holders that came together would also wake together.
   */
  async block(queue: string, ms: number, sliceMs = ms): Promise<Held | undefined> {
    const deadline = performance.now() + ms;
    const { unblocks } = this.#inbox;
    const holder = { id: this.id, leaseMs: this.options.leaseMs };
    for (let longest = sliceMs * (0.1 + 0.9 * Math.random()); ; longest = sliceMs) {
      if (!(await this.#inTurn(() => this.#beginBlock(unblocks)))) return undefined;
      const slice = Math.max(10, Math.min(longest, deadline - performance.now()));
      const came = await this.#inbox.wait(holder, queue, slice);
      this.#noteInbox();
      if (came) return this.#came(came.seq, queue, came.bytes);
      if (came === undefined || performance.now() >= deadline) return undefined;
    }
  }

  /** Prepares a wait. After `unblock` none begins. */
  async #beginBlock(unblocks: number): Promise<boolean> {
    if (this.#unsure || !(await this.#inbox.begin(this.progress.nextSeq, unblocks))) return false;
    this.progress.keepSeqs(MOST_IN_INBOX);
    this.#noteInbox();
    return true;
  }

  #noteInbox(): void {
    this.progress.mayBeInInbox = this.#inbox.isUnseen;
  }

  async #came(seq: number, queue: string, bytes: Buffer): Promise<Held | undefined> {
    if (this.#count >= 0) this.#count++;
    const held = this.#readable(seq, queue, bytes);
    const { timeLimitMs } = this.options;
    const { timeLimitMs: ownLimitMs, suspicion } = held?.envelope ?? {};
    const hasOwn = !this.#takesAhead && (ownLimitMs !== undefined || suspicion !== undefined);
    if (timeLimitMs > 0 || hasOwn) await this.adopt(); // adopting starts its time, and charges a crash to it
    if (held && hasOwn) await this.#inTurn(() => this.#noteOwnLimits([held]));
    return held;
  }

  /**
   * Reads the large data of a marble in hand, decoded as they come. Throws MR_DATA_MISSING where they are not there, and the
   * marble is dead then, with that reason. Throws MR_LEASE_LOST where the marble is not ours any more.
   */
  load(held: Held, decode: Decode): Promise<void> {
    return loadHeld(this.largeData, held, decode);
  }

  /** True between `block` and the next swap: the marble is ours, but is still counted as waiting. */
  get isInInbox(): boolean {
    return this.#inbox.isKnown;
  }

  /**
   * Adopts what is known to be in the inbox, with a swap that does nothing else; for owners that have no other reason for a
   * swap soon. What may be in the inbox unseen is left to the owner's next swap, which hands it over.
   */
  adopt(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.isInInbox) await this.#swap({});
    });
  }

  /** Ends a `block` that is under way. It then returns undefined, or the marble that came just before. */
  unblock(): Promise<void> {
    return this.#inbox.unblock();
  }

  /** Gives marbles back, the last taken first. */
  giveBack(items: readonly GivenBack[]): Promise<GiveBackResult> {
    return this.#inTurn(() => this.#unlessUnsure(() => this.#giveBack(items)));
  }

  async #giveBack(items: readonly GivenBack[]): Promise<GiveBackResult> {
    if (this.isInInbox) await this.#swap({}); // adopts what is in the inbox: it may be among these
    const op = this.progress.nextOp();
    const call = {
      keys: { held: this.keys.held(this.id) },
      args: { holder: this.id, op, noted: this.#noted, maxAttempts: this.options.maxAttempts },
      ...giveBackLists(items, this.keys),
    };
    const reply = await this.connection.run((redis) => callScript(redis, this.keys, 'giveback', call));
    if (reply[0] === 'forgotten') return { forgotten: true };
    const [, refused, dead] = reply;
    this.#noted = op;
    if (this.#count >= 0) this.#count = refused.length > 0 ? -1 : this.#count - items.length;
    return { forgotten: false, refused: new Set(refused), dead: new Set(dead) };
  }

  /** Gives back all that is held, as if it had not been taken, and makes Redis forget the holder. Safe twice. */
  leave(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#inbox.endUnknown();
      await this.recovery.release(this.id, this.#waitsOn);
    });
  }

  /** Sets a line for people, shown with this holder; empty for none. */
  async report(message: string): Promise<void> {
    await this.connection.run((redis) => redis.hset(this.keys.holder(this.id), 'report', message.slice(0, 200)));
  }

  #unlessUnsure<T>(command: () => Promise<T>): Promise<T | { readonly forgotten: true }> {
    if (this.#unsure) return Promise.resolve({ forgotten: true });
    return command().catch(this.#becomeUnsure);
  }

  readonly #becomeUnsure = (error: unknown): never => {
    this.#unsure = true;
    throw error;
  };

  /** Runs a command at once where none is before it, as nearly always in a loop. */
  #inTurn<T>(command: () => Promise<T>): Promise<T> {
    const next = this.#inLine++ === 0 ? command() : this.#turn.then(command, command);
    this.#turn = next.then(this.#over, this.#over);
    return next;
  }

  readonly #over = (): number => this.#inLine--;
}
