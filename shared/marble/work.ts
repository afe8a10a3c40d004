/**
 * The handler form: a worker that works on many marbles at a time.
 *
 * One loop talks to the bus, one command at a time: each swap finishes all that is done by now and
 * takes what there is room for, so a finish waits for nobody at low load and shares a round trip at
 * high load. Where the queues are empty, one marble is waited for on a second connection meanwhile.
 * What may go wrong: a handler throws (a failed attempt: backoff, then dead); the holder is given up
 * (its marbles' signals are aborted, their results refused, and work goes on with a new holder).
 */
import type { Communicator } from '../communicator/communicator.js';
import type { Finished, GivenBack, Held, Holding } from '../communicator/holding.js';
import { MarbleRunError, isMarbleRunError } from '../errors.js';
import { checkOptions, having, share, time, whole, type Rules } from './check-options.js';
import { decodeData } from './codec.js';
import { HeldMarble } from './held-marble.js';
import { Lease } from './lease.js';
import type { ResolvedOptions } from './options.js';
import { Prefetch } from './prefetch.js';
import { backoffMs, describeError } from './retry.js';
import { Wakeup } from './wakeup.js';

export type Handler<T, Q extends object = Record<string, unknown>> = (data: T, marble: HeldMarble<Q>) => unknown;

export interface WorkOptions {
  /** Marbles worked on at a time. Default 1. */
  readonly concurrency?: number;
  /** Marbles taken ahead at the most; how many really depends on how long handlers take. Default 500. */
  readonly prefetch?: number;
  /** A handler that takes longer loses its marble. Default: that of the Marble. */
  readonly timeLimitMs?: number;
  /** Deliveries before a marble counts as dead. Default: that of the Marble. */
  readonly maxAttempts?: number;
  /** Backoff after the first failure; doubles with each. Default: that of the Marble. */
  readonly retryBaseMs?: number;
  /** Backoff at the most. Default: that of the Marble. */
  readonly retryMaxMs?: number;
  /** The share of the backoff that is left to chance. Default: that of the Marble. */
  readonly retryJitter?: number;
  /** How long `stop` waits for handlers; what is not done by then is given back. Default 20,000 ms. */
  readonly drainMs?: number;
  /** Aborting it stops the worker. */
  readonly signal?: AbortSignal;
  /** Told of every failed attempt (the handler's error) and every refused result (MR_LEASE_LOST). Default: a process warning. */
  readonly onError?: (
    error: unknown,
    marble: { readonly id: string; readonly queue: string; readonly attempt: number },
  ) => void;
}

const RULES: Rules = {
  concurrency: whole(1, 2000),
  prefetch: whole(0, 2000),
  timeLimitMs: time,
  maxAttempts: whole(1, 1_000_000),
  retryBaseMs: whole(0),
  retryMaxMs: whole(0),
  retryJitter: share,
  drainMs: time,
  signal: having('an AbortSignal', (value) => value instanceof AbortSignal),
  onError: having('a function', (value) => typeof value === 'function'),
};

const WORK_DEFAULTS = Object.freeze({ concurrency: 1, prefetch: 500, drainMs: 20_000, onError: warn });
const MOST_PER_SWAP = 1000;

export class Worker {
  /** Resolves when the worker has stopped; rejects when it had to stop (Redis refuses it, or is away at the start). */
  readonly done: Promise<void>;
  readonly #options: ResolvedOptions;
  readonly #work: Required<Pick<WorkOptions, 'concurrency' | 'prefetch' | 'drainMs' | 'onError'>>;
  readonly #lease: Lease;
  readonly #prefetch: Prefetch;
  readonly #running = new Set<HeldMarble>();
  readonly #wakeup = new Wakeup();
  #ready: { held: Held; holding: Holding }[] = [];
  #finished: { finished: Finished; holding: Holding }[] = [];
  #failed: { given: GivenBack; holding: Holding }[] = [];
  #blocked: Promise<void> | undefined;
  #stopping = false;
  #drained = false;

  constructor(
    communicator: Communicator,
    options: ResolvedOptions,
    private readonly queues: string[],
    private readonly handler: Handler<unknown, never>,
    work: WorkOptions,
    private readonly stopped: () => void,
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
      onError: work.onError ?? WORK_DEFAULTS.onError,
    };
    this.#prefetch = new Prefetch(this.#work.concurrency, this.#work.prefetch);
    this.#lease = new Lease(communicator, this.#options, (holding) => this.#giveUp(holding));
    work.signal?.addEventListener('abort', () => this.#beginStop(), { once: true });
    if (work.signal?.aborted) this.#stopping = true;
    this.done = this.#loop(); // a rejection that nobody handles ends the process, as it should: this worker is no worker
  }

  /** Takes nothing more, waits for handlers, finishes what is done and gives back the rest. Safe twice. */
  stop(): Promise<void> {
    this.#beginStop();
    return this.done;
  }

  #beginStop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#wakeup.ring();
    setTimeout(() => this.#drainOver(), this.#work.drainMs).unref();
    void this.#lease.unblock().catch(() => undefined); // else it ends by itself within a block
  }

  async #loop(): Promise<void> {
    try {
      while (this.#hasWork()) {
        this.#wakeup.clear();
        await this.#giveBackFailed();
        const more = await this.#swap();
        if (!more && this.#hasWork()) await this.#wakeup.wait();
      }
    } finally {
      this.#stopping = this.#drained = true;
      await this.#blocked;
      await this.#lease.leave().finally(this.stopped);
    }
  }

  #hasWork(): boolean {
    if (!this.#stopping) return true;
    return !this.#drained && this.#running.size + this.#finished.length + this.#failed.length > 0;
  }

  /** True if there is reason to go round again at once. */
  async #swap(): Promise<boolean> {
    const holding = await this.#lease.holding();
    const batch = this.#finished.splice(0, MOST_PER_SWAP);
    const want = this.#room();
    if (batch.length === 0 && (want <= 0 || this.#blocked) && !holding.landed) return false;
    const finish = batch
      .filter((item) => item.holding === holding || this.#refuse(item.finished.held))
      .map((item) => item.finished);
    const result = await holding.swap({
      finish,
      sources: want > 0 ? this.queues : [],
      want: Math.max(0, want),
      waitOn: this.queues[0],
    });
    if (result.forgotten) {
      for (const { held } of finish) this.#refuse(held);
      this.#giveUp(holding);
      await this.#lease.renew(holding);
      return true;
    }
    if (result.refused.size > 0) {
      for (const { held } of finish) if (result.refused.has(held.receipt)) this.#refuse(held);
    }
    for (const held of result.taken) this.#ready.push({ held, holding });
    this.#startReady();
    if (want > 0 && result.taken.length === 0 && !this.#stopping) this.#block(holding);
    return this.#finished.length > 0 || result.taken.length > 0;
  }

  /** One marble may come by the waiting connection: a place is kept for it. */
  #room(): number {
    if (this.#stopping) return 0;
    const inHand = this.#running.size + this.#ready.length + (this.#blocked ? 1 : 0);
    return Math.min(MOST_PER_SWAP, this.#work.concurrency + this.#prefetch.size - inHand);
  }

  #block(holding: Holding): void {
    const ms = this.queues.length > 1 ? this.#options.pollMs : this.#lease.blockMs;
    this.#blocked ??= holding
      .block(this.queues[0]!, ms)
      .then((held) => {
        if (held) this.#ready.push({ held, holding });
        this.#blocked = undefined;
        this.#startReady();
      })
      .catch((error: unknown) => {
        this.#blocked = undefined;
        if (!isMarbleRunError(error, 'MR_CLOSED'))
          this.#work.onError(error, { id: '', queue: this.queues[0]!, attempt: 0 });
      })
      .finally(() => this.#wakeup.ring());
  }

  #startReady(): void {
    if (this.#stopping) return; // what has not been started is given back
    while (this.#running.size < this.#work.concurrency && this.#ready.length > 0) {
      const { held, holding } = this.#ready.shift()!;
      void this.#process(new HeldMarble(held, holding, this.#options));
    }
  }

  async #process(marble: HeldMarble): Promise<void> {
    const { held, holding } = marble;
    const started = performance.now();
    this.#running.add(marble);
    const limitMs = held.envelope.timeLimitMs ?? this.#options.timeLimitMs;
    const limit = limitMs && setTimeout(() => marble.abort(overTime(held, limitMs)), limitMs);
    try {
      await this.handler(decodeData(held.envelope, this.#options.codec), marble);
      this.#finished.push({ finished: { held, outputs: marble.outputs }, holding });
    } catch (error) {
      this.#work.onError(error, marble);
      const delayMs = marble.retryInMs ?? backoffMs(held.envelope, this.#options);
      this.#failed.push({ given: { held, verdict: 'fail', delayMs, error: describeError(error) }, holding });
    }
    if (limit) clearTimeout(limit);
    this.#running.delete(marble);
    this.#prefetch.took(performance.now() - started);
    this.#startReady();
    this.#wakeup.ring();
  }

  async #giveBackFailed(): Promise<void> {
    const batch = this.#failed.splice(0, MOST_PER_SWAP);
    if (batch.length === 0) return;
    const holding = await this.#lease.holding();
    const given = batch
      .filter((item) => item.holding === holding || this.#refuse(item.given.held))
      .map((item) => item.given);
    const result = await holding.giveBack(given);
    if (result.forgotten) {
      this.#giveUp(holding);
      await this.#lease.renew(holding);
    }
    for (const { held } of given) if (result.forgotten || result.refused.has(held.receipt)) this.#refuse(held);
  }

  /** The holder was given up: whatever it had is not ours any more. */
  #giveUp(holding: Holding): void {
    this.#ready = this.#ready.filter((item) => item.holding !== holding);
    for (const marble of this.#running) if (marble.holding === holding) marble.abort(refusal(marble.held));
    this.#wakeup.ring();
  }

  #drainOver(): void {
    this.#drained = true;
    for (const marble of this.#running)
      marble.abort(new MarbleRunError('MR_CLOSED', 'the worker stopped before this was done'));
    this.#wakeup.ring();
  }

  /** Always false, for filters. */
  #refuse(held: Held): false {
    this.#work.onError(refusal(held), { id: held.envelope.id, queue: held.queue, attempt: held.envelope.attempt + 1 });
    return false;
  }
}

function refusal(held: Held): MarbleRunError {
  return new MarbleRunError(
    'MR_LEASE_LOST',
    `marble ${held.envelope.id} of queue ${held.queue} was taken back; its result is not taken`,
  );
}

function overTime(held: Held, limitMs: number): MarbleRunError {
  return new MarbleRunError(
    'MR_TIME_LIMIT',
    `marble ${held.envelope.id} of queue ${held.queue} took longer than ${limitMs} ms`,
  );
}

function warn(error: unknown, { id, queue, attempt }: { id: string; queue: string; attempt: number }): void {
  const { message } = describeError(error);
  process.emitWarning(`marble ${id} of queue ${queue}, attempt ${attempt}: ${message}`, {
    type: 'MarbleRunWarning',
    code: 'MR_WORK',
  });
}
