/**
 * The handler form: a worker that works on many marbles at a time.
 *
 * One loop talks to the bus, one command at a time. Each swap finishes all marbles that are done by now and takes as
 * many as there is room for. So at low load a finish waits for nobody, and at high load many share a round trip. While
 * the queues are empty, a second connection waits for one marble.
 *
 * What may go wrong: a handler throws; that is a failed attempt, followed by a backoff and in the end by the marble's
 * death. The holder is given up: the signals of its marbles are aborted, their results are refused, and work goes on
 * with a new holder.
 */
import type { Communicator } from '../communicator/communicator.js';
import type { Holding } from '../communicator/hold/holding.js';
import type { GivenBack, Held } from '../communicator/hold/held.js';
import { MarbleRunError, isMarbleRunError } from '../errors.js';
import { abortSignal, checkOptions, delay, having, share, time, whole, type Rules } from '../check-options.js';
import { Cancels } from './cancels.js';
import { describeError } from './described-error.js';
import type { HeldInHandler } from './held-in-handler.js';
import { Handling } from './handling.js';
import type { AnyHandler, Failed } from './handling-parts.js';
import { HolderSession } from './holder-session.js';
import { leaseLost } from './lease-lost.js';
import type { ResolvedOptions } from './options.js';
import type { Processing } from './telemetry.js';
import { safeOnError, type OnError } from './on-error.js';
import { backoffMs } from './retry.js';
import { SeveralQueues, areSeveral } from './several-queues.js';
import type { Signal } from './types.js';
import { workers } from './solitude.js';
import { Wakeup } from './wakeup.js';

export interface WorkOptions {
  /** Marbles worked on at a time. Default 1. */
  readonly concurrency?: number;
  /** The most marbles taken ahead; the number in use depends on how long handlers take. Default 500. */
  readonly prefetch?: number;
  /** The longest time that a handler may take before it loses its marble. Default: that of the Marble. */
  readonly timeLimitMs?: number;
  /** Deliveries before a marble counts as dead. Default: that of the Marble. */
  readonly maxAttempts?: number;
  /** Backoff after the first failure; it doubles with each further one. Default: that of the Marble. */
  readonly retryBaseMs?: number;
  /** The longest backoff. Default: that of the Marble. */
  readonly retryMaxMs?: number;
  /** The share of the backoff that is left to chance. Default: that of the Marble. */
  readonly retryJitter?: number;
  /** The time that `stop` waits for handlers; marbles that are not done by then are given back. Default 20,000 ms. */
  readonly drainMs?: number;
  /** A signal. Aborting it stops the worker. */
  readonly signal?: Signal;
  /**
   * Called for every failed attempt (with the handler's error) and for every refused result (MR_LEASE_LOST). An error
   * that it throws becomes a process warning. Default: a process warning.
   */
  readonly onError?: OnError;
}

const RULES: Rules = {
  concurrency: whole(1, 2000),
  prefetch: whole(0, 2000),
  timeLimitMs: time,
  maxAttempts: whole(1, 1_000_000),
  retryBaseMs: delay,
  retryMaxMs: delay,
  retryJitter: share,
  drainMs: time,
  signal: abortSignal,
  onError: having('a function', (value) => typeof value === 'function'),
};

const WORK_DEFAULTS = Object.freeze({ concurrency: 1, prefetch: 500, drainMs: 20_000 });
const MOST_PER_SWAP = 1000;

/** @internal What a worker is to do. */
export interface Job {
  readonly queues: string[];
  readonly handler: AnyHandler;
  /** Called once the worker has stopped. */
  readonly stopped: () => void;
}

export class Worker {
  /**
   * Resolves when the worker has stopped. Rejects when it had to stop because Redis refuses it, or is away at the
   * start.
   */
  readonly done: Promise<void>;
  readonly #options: ResolvedOptions;
  readonly #work: Required<Pick<WorkOptions, 'concurrency' | 'prefetch' | 'drainMs' | 'onError'>>;
  readonly #session: HolderSession;
  readonly #handling: Handling;
  readonly #cancels: Cancels;
  readonly #wakeup = new Wakeup();
  #blocked: Promise<void> | undefined;
  /** Undefined for a single queue, whose marbles come by the wait itself. */
  readonly #several: SeveralQueues | undefined;
  readonly #signal: AbortSignal | undefined;
  #stopping = false;
  #drained = false;

  /** @internal */
  constructor(
    communicator: Communicator,
    options: ResolvedOptions,
    private readonly job: Job,
    work: WorkOptions,
  ) {
    checkOptions('work', work, RULES);
    this.#options = {
      ...options,
      timeLimitMs: work.timeLimitMs ?? options.timeLimitMs,
      maxAttempts: work.maxAttempts ?? options.maxAttempts,
      retryBaseMs: work.retryBaseMs ?? options.retryBaseMs,
      retryMaxMs: work.retryMaxMs ?? options.retryMaxMs,
      retryJitter: work.retryJitter ?? options.retryJitter,
    };
    this.#work = {
      concurrency: work.concurrency ?? WORK_DEFAULTS.concurrency,
      prefetch: work.prefetch ?? WORK_DEFAULTS.prefetch,
      drainMs: work.drainMs ?? WORK_DEFAULTS.drainMs,
      onError: safeOnError(work.onError),
    };
    this.#cancels = new Cancels(communicator, this.#options.heartbeatMs, {
      isNeeded: () => this.#handling.hasMembers,
      found: () => this.#handling.dropCancelled(),
    });
    const told = { ...this.#work, isCancelled: this.#cancels.has };
    this.#handling = new Handling(job.handler, this.#options, told, () => this.#wakeup.ring());
    const lost = (holding: Holding) => this.#giveUp(holding);
    this.#session = new HolderSession(communicator, this.#options, { takesAhead: true, lost });
    if (areSeveral(job.queues)) this.#several = new SeveralQueues(communicator, this.#options);
    work.signal?.addEventListener('abort', this.#beginStop, { once: true });
    if (work.signal?.aborted) this.#beginStop();
    this.#signal = work.signal;
    workers.add(this);
    // a rejection that nobody handles ends the process, as it should: this worker no longer works
    this.done = this.#loop();
  }

  /**
   * The id by which Redis and the Monitor know the holder of its marbles. It is undefined before the worker has begun,
   * and changes after the holder was given up.
   */
  get holder(): string | undefined {
    return this.#session.id;
  }

  /** True while nothing is worked on. */
  get idle(): boolean {
    return !this.#handling.busy;
  }

  /** Takes nothing more, waits for handlers, finishes what is done and gives back the rest. Safe to call twice. */
  stop(): Promise<void> {
    this.#beginStop();
    return this.done;
  }

  readonly #beginStop = (): void => {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#handling.close();
    this.#wakeup.ring();
    setTimeout(() => this.#drainOver(), this.#work.drainMs).unref();
    this.#several?.end();
    void this.#session.unblock().catch(() => undefined); // else it ends by itself within a block
  };

  async #loop(): Promise<void> {
    try {
      while (this.#hasWork()) {
        this.#wakeup.clear();
        this.#handling.throwIfBroken();
        await this.#giveBack();
        const more = await this.#swap();
        if (more) this.#wakeup.ring();
        if (this.#hasWork()) await this.#wakeup.wait();
      }
    } finally {
      this.#stopping = this.#drained = true;
      workers.delete(this);
      this.#cancels.stop();
      this.#signal?.removeEventListener('abort', this.#beginStop); // it may outlive many workers
      await this.#blocked;
      await this.#several?.leave().catch(() => undefined); // what is away here is away below too, and told there
      await this.#session.leave().finally(this.job.stopped);
    }
  }

  #hasWork(): boolean {
    if (!this.#stopping) return true;
    return !this.#drained && this.#handling.busy;
  }

  /** Returns true where there is reason to go round again at once. */
  async #swap(): Promise<boolean> {
    if (!this.#stopping && this.#handling.mayGather()) return false;
    const finish = this.#handling.takeFinished(MOST_PER_SWAP);
    const want = this.#room();
    if (want <= 0) this.#several?.passOn(); // it was woken, and others may have room
    if (finish.length === 0 && (want <= 0 || this.#blocked) && !this.#session.isInInbox) return false;
    const { taken, refused, cancelled } = await this.#session.swap({
      finish,
      sources: want > 0 ? this.job.queues : [],
      want: Math.max(0, want),
      waitOn: this.job.queues[0],
    });
    if (refused.size > 0) for (const marble of finish) if (refused.has(marble.held)) this.#refuse(marble);
    if (this.#options.tracing || this.#options.metrics) for (const marble of finish) marble.processing?.end('finished'); // unless it was refused
    this.#cancels.note(cancelled);
    this.#add(taken);
    if (want > 0 && taken.length === 0) this.#foundNothing();
    return this.#handling.hasFinished || taken.length > 0;
  }

  #add(taken: readonly Held[]): void {
    this.#cancels.watch(taken);
    this.#handling.add(taken);
  }

  /** Returns how many marbles may be taken. One place is kept for a marble that may come by the wait. */
  #room(): number {
    if (this.#stopping) return 0;
    return Math.min(MOST_PER_SWAP, this.#handling.room - (this.#blocked ? 1 : 0));
  }

  #foundNothing(): void {
    this.#several?.settle();
    if (!this.#stopping) this.#block();
  }

  /** Waits for a marble. After a wake-up it takes the first one by itself, which is the shortest way to it. */
  async #wait(): Promise<readonly Held[]> {
    const { queues } = this.job;
    if (!this.#several) {
      const held = await this.#session.block(queues[0]!, Infinity);
      return held ? [held] : [];
    }
    await this.#several.wait(queues, Infinity);
    const woken = this.#stopping ? undefined : this.#several.takeWoken();
    if (woken === undefined) return [];
    const { taken, cancelled } = await this.#session.swap({ sources: queues, want: 1, waitOn: queues[0], woken });
    this.#cancels.note(cancelled);
    return taken;
  }

  #block(): void {
    this.#blocked ??= this.#wait()
      .then((taken) => {
        this.#blocked = undefined;
        if (taken.length > 0) this.#add(taken);
      })
      .catch((error: unknown) => {
        this.#blocked = undefined;
        if (!isMarbleRunError(error, 'MR_CLOSED'))
          this.#work.onError(error, { id: '', queue: this.job.queues[0]!, attempt: 0 });
      })
      .finally(() => this.#wakeup.ring());
  }

  async #giveBack(): Promise<void> {
    const failed = this.#handling.takeFailed(MOST_PER_SWAP);
    const unbegun = this.#handling.takeUnbegun(MOST_PER_SWAP);
    const cancelled = this.#handling.takeCancelled(MOST_PER_SWAP);
    if (failed.length + unbegun.length + cancelled.length === 0) return;
    const given = [
      ...failed.map((one) => this.#givenBack(one)),
      ...givenBackAs('release', unbegun),
      ...givenBackAs('cancel', cancelled),
    ].sort((a, b) => b.held.seq - a.held.seq);
    const refused = await this.#session.giveBack(given);
    for (const { marble } of failed) if (refused.has(marble.held)) this.#refuse(marble);
  }

  #givenBack({ marble, error, isLate }: Failed): GivenBack {
    if (isLate) return { held: marble.held, verdict: 'late', delayMs: 0 };
    const delayMs = marble.retryInMs ?? backoffMs(marble.held.envelope, this.#options);
    return { held: marble.held, verdict: 'fail', delayMs, error: describeError(error) };
  }

  /** Notes that the holder was given up: whatever it had is no longer ours. */
  #giveUp(holding: Holding): void {
    this.#handling.abort(leaseLost, holding);
    this.#several?.end(); // the next swap enters another holder
    this.#wakeup.ring();
  }

  #drainOver(): void {
    this.#drained = true;
    this.#handling.abort(() => new MarbleRunError('MR_CLOSED', 'the worker stopped before this was done'));
    this.#wakeup.ring();
  }

  #refuse({ held, processing }: { held: Held; processing?: Processing | undefined }): void {
    const error = leaseLost(held);
    processing?.end('lost', error);
    this.#work.onError(error, { id: held.envelope.id, queue: held.queue, attempt: held.envelope.attempt + 1 });
  }
}

/** Gives back marbles that were not worked on. */
function givenBackAs(verdict: 'release' | 'cancel', marbles: readonly HeldInHandler[]): GivenBack[] {
  return marbles.map(({ held }) => ({ held, verdict, delayMs: 0 }));
}
