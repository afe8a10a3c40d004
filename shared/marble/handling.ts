/**
 * Runs the handlers of a worker. It knows which marbles are ready, which are under way, and what came of them.
 *
 * A handler that returns no promise is done when it returns, so it costs no promise. After a number of handlers the
 * event loop gets a turn, so that finished marbles go to Redis while the next handlers run.
 *
 * What may go wrong: a handler throws, or runs into its time limit; both end here. A marble that waits too long behind
 * slow handlers is given back, so that others can take it (`unbegun`). Behind a handler that blocks the event loop, the
 * heartbeat thread gives it back (`relief.ts`).
 */
import type { Holding } from '../communicator/hold/holding.js';
import type { Held } from '../communicator/hold/held.js';
import { batchCancelled } from './cancels.js';
import { dataOf } from './codec.js';
import { timeLimit, type AnyHandler, type Failed, type HandlingOptions } from './handling-parts.js';
import { HeldInHandler } from './held-in-handler.js';
import { Loading } from './loading.js';
import type { ResolvedOptions } from './options.js';
import { Prefetch } from './prefetch.js';
import { Ready } from './ready.js';
import { Suspects } from './suspects.js';
import { Telemetry } from './telemetry.js';
import { UnderWay, type Place } from './under-way.js';

/**
 * The number of handlers that begin in one turn of the event loop: enough to share a round trip, few enough to overlap
 * with it.
 */
const TURN = 250;
/** The wait in hand after which a marble is given back: five times the wait that was planned when it was taken. */
const UNBEGUN_MS = 500;
/** The time that a marble may wait until it can be worked on alone. */
const SOLITUDE_MS = 30_000;
/** The most outputs that go with one command. Outputs of one marble always go together. */
const MOST_OUTPUTS = 5000;
const MOST_OUTPUT_BYTES = 1_048_576;

export class Handling {
  readonly #running = new UnderWay<HeldInHandler>();
  readonly #ready = new Ready();
  readonly #suspects: Suspects;
  readonly #loading: Loading;
  readonly #prefetch: Prefetch;
  readonly #telemetry: Telemetry | undefined;
  #finished: HeldInHandler[] = [];
  #failed: Failed[] = [];
  #unbegun: HeldInHandler[] = [];
  #cancelled: HeldInHandler[] = [];
  #begun = 0;
  #yielding = false;
  #closed = false;
  #patience: NodeJS.Timeout | undefined;

  /** Takes `changed`, which is called whenever a marble is finished, has failed, or has to be given back. */
  constructor(
    private readonly handler: AnyHandler,
    private readonly options: ResolvedOptions,
    private readonly work: HandlingOptions,
    private readonly changed: () => void,
  ) {
    this.#loading = new Loading(work.concurrency, options.codec, changed);
    this.#prefetch = new Prefetch(work.concurrency, work.prefetch, options.timeLimitMs);
    this.#suspects = new Suspects(this.#ready, options.maxAttempts, work.concurrency, () => {
      this.#start();
      this.changed();
    });
    this.#telemetry = Telemetry.of(options);
  }

  /** The number of further marbles that may be taken. */
  get room(): number {
    if (this.#suspects.keepsOthersOut) return 0;
    return this.#prefetch.places - this.#running.size - this.#ready.size;
  }

  /** True while handlers are under way, or Redis has not heard of their results. */
  get busy(): boolean {
    return this.#running.size + this.#finished.length + this.#failed.length > 0;
  }

  /** True while finishes and takes wait for each other (`loading.ts`), which rings when that is over. */
  mayGather(): boolean {
    return this.#loading.mayGather(this.#finished.length);
  }

  get hasFinished(): boolean {
    return this.#finished.length > 0;
  }

  /** Throws the error that kept the beginning of work from being noted, if there was one. */
  throwIfBroken(): void {
    if (this.#suspects.trouble !== undefined) throw this.#suspects.trouble;
  }

  add(taken: readonly Held[]): void {
    const now = performance.now();
    for (const held of taken) {
      const marble = new HeldInHandler(held, this.options, this.#telemetry, now);
      if (this.work.isCancelled(held)) this.#cancelled.push(marble);
      else this.#ready.add(marble);
    }
    this.#start();
  }

  /** Takes the next marbles to report: up to `most`, and no more than have outputs for one command. */
  takeFinished(most: number): HeldInHandler[] {
    let n = 0;
    for (let outputs = 0, bytes = 0; n < this.#finished.length && n < most; n++) {
      const marble = this.#finished[n]!;
      outputs += marble.outputs.length;
      bytes += marble.outputBytes;
      if (n > 0 && (outputs > MOST_OUTPUTS || bytes > MOST_OUTPUT_BYTES)) break;
    }
    return this.#finished.splice(0, n);
  }

  takeFailed(most: number): Failed[] {
    return this.#failed.splice(0, most);
  }

  /** Takes the marbles that have waited too long to begin. */
  takeUnbegun(most: number): HeldInHandler[] {
    return this.#unbegun.splice(0, most);
  }

  /** Takes the marbles that nobody works on because their batch is cancelled. */
  takeCancelled(most: number): HeldInHandler[] {
    return this.#cancelled.splice(0, most);
  }

  /** True while members of batches are in hand. */
  get hasMembers(): boolean {
    const isMember = ({ held }: HeldInHandler) => held.envelope.member !== undefined;
    return [...this.#running].some(isMember) || this.#ready.firstWhile(() => true, Infinity).some(isMember);
  }

  /** Drops marbles of cancelled batches that have not begun, and tells handlers that work on others. */
  dropCancelled(): void {
    this.#cancelled.push(...this.#ready.remove(({ held }) => this.work.isCancelled(held)));
    for (const marble of this.#running)
      if (this.work.isCancelled(marble.held)) marble.abort(batchCancelled(marble.held));
    this.changed();
  }

  /** Starts no further handler; the remaining marbles are given back. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#patience);
    this.#suspects.leave();
  }

  /** Tells handlers under way that their result will not be taken: those of one holder, or all. */
  abort(reason: (held: Held) => unknown, holding?: Holding): void {
    if (holding) this.#ready.remove((marble) => marble.holder === holding);
    for (const marble of this.#running) if (!holding || marble.holder === holding) marble.abort(reason(marble.held));
  }

  #start(): void {
    while (!this.#closed && this.#running.size < this.work.concurrency) {
      const marble = this.#ready.first;
      if (!marble) break;
      if (this.#begun === TURN) {
        this.#yield();
        break;
      }
      if (!this.#suspects.mayBegin(marble, this.#running.size)) break;
      if (!marble.holder.progress.begin(marble.held.seq)) {
        this.#leaveToOthers(marble);
        break;
      }
      this.#begun++;
      this.#ready.removeFirst();
      this.#begin(marble);
    }
    this.#watchUnbegun();
  }

  #yield(): void {
    if (this.#yielding) return;
    this.#yielding = true;
    setImmediate(() => {
      this.#yielding = false;
      this.#begun = 0;
      this.#start();
    });
  }

  #watchUnbegun(): void {
    if (this.#closed || this.#patience || this.#ready.size === 0) return;
    const leftMs = UNBEGUN_MS - (performance.now() - this.#ready.first!.takenAt);
    this.#patience = setTimeout(() => this.#giveBackUnbegun(), leftMs > 0 ? leftMs : UNBEGUN_MS);
    this.#patience.unref();
  }

  /**
   * Gives back all marbles that have not begun, since those behind the first would wait even longer. A marble that
   * waits to be alone has more time, or its turn would never come.
   */
  #giveBackUnbegun(): void {
    this.#patience = undefined;
    const { first } = this.#ready;
    const waitedMs = first ? performance.now() - first.takenAt : 0;
    if (waitedMs >= UNBEGUN_MS) {
      const isPatient = (marble: HeldInHandler) => waitedMs < SOLITUDE_MS && this.#suspects.waits(marble);
      this.#passOn(this.#ready.remove((marble) => !isPatient(marble)));
    }
    this.#watchUnbegun();
  }

  /**
   * Leaves `first` and the marbles behind it to others where the heartbeat thread may have given them back while the
   * main loop was blocked (`relief.ts`).
   */
  #leaveToOthers(first: HeldInHandler): void {
    this.#suspects.over(first);
    this.#passOn(this.#ready.remove(() => true));
    this.#suspects.leave();
  }

  #passOn(marbles: HeldInHandler[]): void {
    this.#prefetch.stall();
    this.#unbegun.push(...marbles);
    this.changed();
  }

  #begin(marble: HeldInHandler): void {
    if (marble.held.envelope.large) void this.#load(this.#running.add(marble));
    else this.#beginWork(marble, performance.now());
  }

  /** Reads the large data of a marble, then works on it. Where they are not there, it has ended. */
  async #load(place: Place<HeldInHandler>): Promise<void> {
    const [marble, started] = [place.item, performance.now()];
    const failure = await this.#loading.failure(marble);
    this.#running.remove(place);
    if (!failure) this.#beginWork(marble, started);
    else {
      if (failure.hasEnded) this.#tellFailed(marble, failure.error);
      else this.#fail(marble, failure.error);
      this.#over(marble, started);
    }
    this.#start();
    this.changed();
  }

  #beginWork(marble: HeldInHandler, started: number): void {
    try {
      const result = this.#run(marble);
      this.#prefetch.blocked(started);
      if (isPromiseLike(result)) {
        void this.#settle(this.#running.add(marble), result, started);
        return;
      }
      this.#finished.push(marble);
    } catch (error) {
      this.#fail(marble, error);
    }
    this.#over(marble, started);
    this.changed();
  }

  #run(marble: HeldInHandler): unknown {
    if (!this.#telemetry) return this.#handle(marble);
    marble.processing = this.#telemetry.processing(marble.held.queue, marble.held.envelope);
    return marble.processing.run(() => this.#handle(marble));
  }

  #handle(marble: HeldInHandler): unknown {
    marble.data = dataOf(marble.held, this.options.codec);
    return this.handler(marble.data, marble as never);
  }

  async #settle(place: Place<HeldInHandler>, result: PromiseLike<unknown>, started: number): Promise<void> {
    const marble = place.item;
    const timer = this.#limit(marble);
    try {
      await result;
      if (!marble.isOver) this.#finished.push(marble);
    } catch (error) {
      if (!marble.isOver) this.#fail(marble, error);
    }
    if (timer) clearTimeout(timer);
    this.#running.remove(place);
    this.#over(marble, started);
    this.#start();
    this.changed();
  }

  #over(marble: HeldInHandler, started: number): void {
    marble.isOver = true;
    if (marble.held.envelope.large) marble.data = undefined; // its finish may wait for a while, and needs no data
    this.#prefetch.took(performance.now() - started);
    this.#suspects.over(marble);
  }

  /**
   * Starts the timer of a time limit. The worker ends its own time limits; the Monitor does so only for a worker that
   * cannot.
   */
  #limit(marble: HeldInHandler): NodeJS.Timeout | undefined {
    const timeLimitMs = marble.held.envelope.timeLimitMs ?? this.options.timeLimitMs;
    if (timeLimitMs === 0) return undefined;
    return setTimeout(() => {
      if (marble.isOver) return;
      const error = timeLimit(marble.held, timeLimitMs);
      marble.abort(error);
      this.#fail(marble, error, true);
      this.changed();
    }, timeLimitMs);
  }

  #fail(marble: HeldInHandler, error: unknown, isLate = false): void {
    marble.isOver = true;
    this.#failed.push({ marble, error, isLate });
    this.#tellFailed(marble, error);
  }

  #tellFailed(marble: HeldInHandler, error: unknown): void {
    marble.processing?.end('failed', error);
    this.work.onError(error, marble);
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
