/**
 * The marble that a handler works on. Marbles that the handler sends are kept back and committed with the finish of
 * this one.
 */
import type { Failure } from '../communicator/header.js';
import type { Holding } from '../communicator/holding.js';
import type { Held } from '../communicator/in-hand.js';
import type { Output } from '../communicator/outputs.js';
import { bad, delay } from '../check-options.js';
import { MarbleRunError } from '../errors.js';
import { NONE, keepBack } from './kept-back.js';
import type { ResolvedOptions } from './options.js';
import { outgoing, type SendKind } from './outgoing.js';
import type { SendOptions, UndelayedOptions } from './send-options.js';
import type { Processing, Telemetry } from './telemetry.js';
import type { QueueOf, Queues, Signal } from './types.js';

export class HeldMarble<Q extends object = Queues, K extends string = string, D = unknown> {
  /** The data that was sent. */
  data = undefined as D;
  /** @internal */
  outputs: readonly Output[] = NONE;
  /** @internal */
  outputBytes = 0;
  /** @internal True once the handler has ended, or the marble's time is over. */
  isOver = false;
  /** @internal */
  processing: Processing | undefined;
  /** @internal The delay that `retryIn` asked for. */
  retryInMs: number | undefined;
  #controller: AbortController | undefined;
  #reason: unknown;

  /** @internal */
  constructor(
    /** @internal */
    readonly held: Held,
    /** @internal */
    readonly holding: Holding,
    /** @internal */
    private readonly options: ResolvedOptions,
    /** @internal */
    private readonly telemetry?: Telemetry,
    /** @internal The time when the marble was taken, by `performance.now()`. */
    readonly takenAt = 0,
  ) {}

  get id(): string {
    return this.held.envelope.id;
  }

  /** The number of this delivery, from 1. */
  get attempt(): number {
    return this.held.envelope.attempt + 1;
  }

  /** The latest deliveries that were not finished, the oldest first. */
  get failures(): readonly Failure[] {
    return this.held.envelope.failures ?? [];
  }

  get queue(): K {
    return this.held.queue as K;
  }

  /**
   * The label that the marble was sent with. Members of a batch carry only the batch's id: a handler that needs its
   * name must get it in the data.
   */
  get batch(): string | undefined {
    return this.held.envelope.batch;
  }

  /**
   * A signal that is aborted when the lease is lost, the time limit passes, the batch is cancelled, or the worker's
   * drain time is over: the result will not be taken.
   */
  get signal(): Signal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** Sends to the end of a queue when this marble is finished. Returns the id. */
  send<To extends QueueOf<Q>>(queue: To, data: Q[To], options?: SendOptions): string {
    return this.#keep('back', queue, data, options);
  }

  /** Sends to the front of a queue when this marble is finished. */
  expedite<To extends QueueOf<Q>>(queue: To, data: Q[To], options?: UndelayedOptions): string {
    return this.#keep('front', queue, data, options);
  }

  /** Sends to a higher run when this marble is finished. */
  elevate<To extends QueueOf<Q>>(queue: To, data: Q[To], options?: UndelayedOptions): string {
    return this.#keep('up', queue, data, options);
  }

  /** Sets the delay until the next attempt in case the handler throws, instead of the backoff. */
  retryIn(retryInMs: number): void {
    this.#mustNotBeOver();
    if (!delay.test(retryInMs)) bad('retryIn.retryInMs', retryInMs, delay.allowed);
    this.retryInMs = retryInMs;
  }

  /** Tells people what this worker is doing: the Monitor shows it in its list of holders. */
  async report(message: string): Promise<void> {
    if (typeof message !== 'string') bad('report.message', message, 'a string');
    await this.holding.report(message);
  }

  /** @internal */
  abort(reason: unknown): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  #keep(kind: SendKind, queue: string, data: unknown, options?: SendOptions): string {
    this.#mustNotBeOver();
    const sending = this.telemetry?.sending(queue, this.processing, options?.id);
    const output = outgoing(kind, queue, data, options, this.options, this.held.envelope, sending?.traceparent);
    sending?.end();
    keepBack(this, [output]);
    return output.id;
  }

  /** Throws when the marble is over: nothing would commit a marble that is sent now. */
  #mustNotBeOver(): void {
    if (!this.isOver) return;
    throw new MarbleRunError(
      'MR_NOTHING_HELD',
      `marble ${this.id} of queue ${this.queue}: its handler has ended, so nothing can be sent with it; is an await or a return missing in the handler?`,
    );
  }
}
