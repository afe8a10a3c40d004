/**
 * Runs the handlers of a worker: what is ready, what is under way, what came of it.
 *
 * A handler that returns no promise is done when it returns, and costs none. After some handlers a
 * turn of the event loop is given to others, so that what is finished goes to Redis while the next
 * are at work. What may go wrong: a handler throws, or runs into its time limit: both end here.
 */
import type { Holding } from '../communicator/holding.js';
import type { Held } from '../communicator/in-hand.js';
import { MarbleRunError } from '../errors.js';
import { decodeData } from './codec.js';
import { HeldMarble } from './held-marble.js';
import type { ResolvedOptions } from './options.js';
import { Prefetch } from './prefetch.js';
import { Telemetry } from './telemetry.js';
import { UnderWay, type Place } from './under-way.js';

export type Handler<T, Q extends object = Record<string, unknown>> = (data: T, marble: HeldMarble<Q>) => unknown;

export interface Failed {
  readonly marble: HeldMarble;
  readonly error: unknown;
}

export interface HandlingOptions {
  readonly concurrency: number;
  readonly prefetch: number;
  /** Told of a failed attempt at once. */
  readonly onError: (error: unknown, marble: HeldMarble) => void;
}

/** Handlers begun in one turn of the event loop: enough to share a round trip, few enough to overlap with it. */
const TURN = 250;

export class Handling {
  readonly #running = new UnderWay<HeldMarble>();
  readonly #prefetch: Prefetch;
  readonly #telemetry: Telemetry | undefined;
  /** From `#next` on. */
  #ready: HeldMarble[] = [];
  #next = 0;
  #finished: HeldMarble[] = [];
  #failed: Failed[] = [];
  #begun = 0;
  #yielding = false;
  #closed = false;

  /** `changed` is called whenever something is finished or has failed. */
  constructor(
    private readonly handler: Handler<unknown, never>,
    private readonly options: ResolvedOptions,
    private readonly work: HandlingOptions,
    private readonly changed: () => void,
  ) {
    this.#prefetch = new Prefetch(work.concurrency, work.prefetch);
    this.#telemetry = Telemetry.of(options);
  }

  /** How many more may be taken. */
  get room(): number {
    return this.work.concurrency + this.#prefetch.size - this.#running.size - (this.#ready.length - this.#next);
  }

  /** Under way, or done and not yet told to Redis. */
  get busy(): boolean {
    return this.#running.size + this.#finished.length + this.#failed.length > 0;
  }

  get hasFinished(): boolean {
    return this.#finished.length > 0;
  }

  add(taken: readonly Held[], holding: Holding): void {
    for (const held of taken) this.#ready.push(new HeldMarble(held, holding, this.options, this.#telemetry));
    this.#start();
  }

  takeFinished(most: number): HeldMarble[] {
    return this.#finished.splice(0, most);
  }

  takeFailed(most: number): Failed[] {
    return this.#failed.splice(0, most);
  }

  /** What has not been started stays so: it is given back. */
  close(): void {
    this.#closed = true;
  }

  /** Tells handlers under way that their result will not be taken: those of one holder, or all. */
  abort(reason: (held: Held) => unknown, holding?: Holding): void {
    if (holding) {
      this.#ready = this.#ready.slice(this.#next).filter((marble) => marble.holding !== holding);
      this.#next = 0;
    }
    for (const marble of this.#running) if (!holding || marble.holding === holding) marble.abort(reason(marble.held));
  }

  #start(): void {
    while (!this.#closed && this.#next < this.#ready.length && this.#running.size < this.work.concurrency) {
      if (this.#begun === TURN) {
        this.#yield();
        return;
      }
      this.#begun++;
      this.#begin(this.#ready[this.#next++]!);
    }
    if (this.#next < this.#ready.length) return;
    this.#ready = [];
    this.#next = 0;
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

  #begin(marble: HeldMarble): void {
    const started = performance.now();
    try {
      const result = this.#run(marble);
      if (isPromiseLike(result)) {
        void this.#settle(this.#running.add(marble), result, started);
        return;
      }
      this.#finished.push(marble);
    } catch (error) {
      this.#fail(marble, error);
    }
    this.#prefetch.took(performance.now() - started);
    this.changed();
  }

  #run(marble: HeldMarble): unknown {
    if (!this.#telemetry) return this.#handle(marble);
    marble.processing = this.#telemetry.processing(marble.held.queue, marble.held.envelope);
    return marble.processing.run(() => this.#handle(marble));
  }

  #handle(marble: HeldMarble): unknown {
    return this.handler(decodeData(marble.held.envelope, this.options.codec), marble);
  }

  async #settle(place: Place<HeldMarble>, result: PromiseLike<unknown>, started: number): Promise<void> {
    const marble = place.item;
    const timer = this.#limit(marble);
    try {
      await result;
      this.#finished.push(marble);
    } catch (error) {
      this.#fail(marble, error);
    }
    if (timer) clearTimeout(timer);
    this.#running.remove(place);
    this.#prefetch.took(performance.now() - started);
    this.#start();
    this.changed();
  }

  #limit(marble: HeldMarble): NodeJS.Timeout | undefined {
    const timeLimitMs = marble.held.envelope.timeLimitMs ?? this.options.timeLimitMs;
    if (timeLimitMs === 0) return undefined;
    return setTimeout(() => marble.abort(timeLimit(marble.held, timeLimitMs)), timeLimitMs);
  }

  #fail(marble: HeldMarble, error: unknown): void {
    marble.processing?.end('failed', error);
    this.#failed.push({ marble, error });
    this.work.onError(error, marble);
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function timeLimit(held: Held, limitMs: number): MarbleRunError {
  return new MarbleRunError(
    'MR_TIME_LIMIT',
    `marble ${held.envelope.id} of queue ${held.queue} took longer than ${limitMs} ms`,
  );
}
