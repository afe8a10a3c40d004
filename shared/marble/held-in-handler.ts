/**
 * The marble that a handler works on, as a worker has it. What the handler sends is kept back and committed with its finish.
 */
import type { Failure } from '../communicator/data/header.js';
import type { Holding } from '../communicator/hold/holding.js';
import type { Held } from '../communicator/hold/held.js';
import type { Output } from '../communicator/send/outputs.js';
import { bad, delay } from '../check-options.js';
import { MarbleRunError } from '../errors.js';
import type { HeldMarble } from './held-marble.js';
import { NONE, keepBack } from './kept-back.js';
import type { ResolvedOptions } from './options.js';
import { SendPlace, type SendKind } from './outgoing.js';
import type { SendOptions, UndelayedOptions } from './send-options.js';
import type { Processing, Telemetry } from './telemetry.js';
import type { QueueOf, Queues, Signal } from './types.js';

export class HeldInHandler<Q extends object = Queues, K extends string = string, D = unknown> implements HeldMarble<
  Q,
  K,
  D
> {
  data = undefined as D;
  /** @internal */
  outputs: readonly Output[] = NONE;
  /** @internal */
  outputBytes = 0;
  /** @internal Its handler has ended, or its time is over. */
  isOver = false;
  /** @internal */
  processing: Processing | undefined;
  /** @internal What `retryIn` said. */
  retryInMs: number | undefined;
  #controller: AbortController | undefined;
  #reason: unknown;
  #place: SendPlace | undefined;

  /** @internal */
  constructor(
    /** @internal */
    readonly held: Held,
    /** @internal */
    private readonly options: ResolvedOptions,
    /** @internal */
    private readonly telemetry?: Telemetry,
    /** @internal By `performance.now()`. */
    readonly takenAt = 0,
  ) {}

  /** @internal */
  get holder(): Holding {
    return this.held.holder!; // unmonitored marbles have no handler
  }

  get id(): string {
    return this.held.envelope.id;
  }

  get attempt(): number {
    return this.held.envelope.attempt + 1;
  }

  get failures(): readonly Failure[] {
    return this.held.envelope.failures ?? [];
  }

  get queue(): K {
    return this.held.queue as K;
  }

  get batch(): string | undefined {
    return this.held.envelope.batch;
  }

  get signal(): Signal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  send<To extends QueueOf<Q>>(queue: To, data: Q[To], options?: SendOptions): string {
    return this.#keep('back', queue, data, options);
  }

  expedite<To extends QueueOf<Q>>(queue: To, data: Q[To], options?: UndelayedOptions): string {
    return this.#keep('front', queue, data, options);
  }

  elevate<To extends QueueOf<Q>>(queue: To, data: Q[To], options?: UndelayedOptions): string {
    return this.#keep('up', queue, data, options);
  }

  retryIn(retryInMs: number): void {
    this.#mustNotBeOver();
    if (!delay.test(retryInMs)) bad('retryIn.retryInMs', retryInMs, delay.allowed);
    this.retryInMs = retryInMs;
  }

  async report(message: string): Promise<void> {
    if (typeof message !== 'string') bad('report.message', message, 'a string');
    await this.holder.report(message);
  }

  /** @internal */
  abort(reason: unknown): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  #keep(kind: SendKind, queue: string, data: unknown, options?: SendOptions): string {
    this.#mustNotBeOver();
    const sending = this.telemetry?.sending(queue, this.processing, options?.id);
    this.#place ??= new SendPlace(this.options, this.held);
    const output = this.#place.traced(sending?.traceparent).outgoing(kind, queue, data, options);
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
