/**
 * A batch: marbles that are counted together until all of them are done with.
 *
 * What may go wrong: this process may die at any moment; then whoever opens the batch by its name goes on with it. A
 * marble of the batch may die; `onDead` says what that means. docs/BATCHES.md tells the rest.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Communicator } from '../communicator/communicator.js';
import { failureGroups, retryDead } from '../communicator/batch/batch-dead.js';
import type { FailureGroup } from '../communicator/batch/batch-state.js';
import { batchClosed } from '../communicator/batch/batch-errors.js';
import { abortSignal, checkOptions, flag, having, whole, type Rules } from '../check-options.js';
import { batchToOpen, checkBatch, mustBeAsGiven, type BatchOptions } from './batch-options.js';
import { Pace, Progress, type BatchProgress } from './batch-progress.js';
import type { ResolvedOptions } from './options.js';
import { SendPlace, checkMany, type SendKind } from './outgoing.js';
import type { SendOptions, UndelayedOptions } from './send-options.js';
import { checkItems, sendMany, type Items } from './send-many.js';
import { told, type Telemetry } from './telemetry.js';
import type { QueueOf, Queues, Signal } from './types.js';

/** @internal The parts that a batch works with; they belong to the Marble that opened it. */
export interface BatchPlace {
  readonly communicator: Communicator;
  readonly options: ResolvedOptions;
  readonly telemetry: Telemetry | undefined;
  /** Throws where the Marble is closed. */
  readonly mustBeOpen: () => void;
}

/** Options of sending one member. */
export type BatchSendOptions = Omit<SendOptions, 'batch'>;

const PROGRESS_RULES: Rules = { everyMs: whole(10, 3_600_000), signal: abortSignal };
const DONE_RULES: Rules = { signal: abortSignal };
const SEAL_RULES: Rules = { expected: whole(0) };
const RETRY_RULES: Rules = { then: flag };
const CANCEL_RULES: Rules = {
  reason: having('text of 1 to 200 characters', (value) => typeof value === 'string' && /^.{1,200}$/su.test(value)),
};
/** The pause between two looks of `done`. */
const LOOK_MS = { first: 20, most: 1000 } as const;

export class Batch<Q extends object = Queues> {
  readonly #pace = new Pace();
  readonly #sends: SendPlace;
  #sealed: { readonly expected: number | undefined } | undefined;

  private constructor(
    private readonly place: BatchPlace,
    readonly name: string,
    /** A short id that belongs to this batch alone; its name may come again after the batch was forgotten. */
    readonly id: string,
    /** True where the batch already existed when it was opened here. */
    readonly joined: boolean,
  ) {
    this.#sends = new SendPlace(place.options, { envelope: { member: id, isOutside: true } });
  }

  /** @internal */
  static async open<Q extends object>(
    place: BatchPlace,
    name: string,
    given: BatchOptions = {},
    parent?: string,
  ): Promise<Batch<Q>> {
    place.mustBeOpen();
    checkBatch(name, given);
    const { communicator, options } = place;
    await communicator.mustBeAllowed('batches');
    const wanted = batchToOpen(name, given, parent, options);
    const { id, joined, about } = await communicator.batches.open(wanted);
    if (joined) mustBeAsGiven(name, given, wanted.about, about);
    return new Batch<Q>(place, name, id, joined);
  }

  /** Opens or joins a batch inside this one. This one is complete only when the inner one is. */
  batch(name: string, options?: BatchOptions): Promise<Batch<Q>> {
    return Batch.open<Q>(this.place, name, options, this.id);
  }

  /**
   * Sends to the end of a queue, at once. Returns the id. Throws MR_BATCH_CLOSED where the batch is sealed, cancelled
   * or complete.
   */
  send<K extends QueueOf<Q>>(queue: K, data: Q[K], options?: BatchSendOptions): Promise<string> {
    return this.#sendOne('back', queue, data, options);
  }

  /** Sends to the front of a queue, at once. Throws as `send` does. */
  expedite<K extends QueueOf<Q>>(queue: K, data: Q[K], options?: Omit<UndelayedOptions, 'batch'>): Promise<string> {
    return this.#sendOne('front', queue, data, options);
  }

  /** Sends any number of marbles, in order and with bounded memory. Returns how many. Throws a SendManyError. */
  async sendMany<K extends QueueOf<Q>>(
    queue: K,
    items: Items<Q[K]>,
    options?: Omit<BatchSendOptions, 'id'>,
  ): Promise<number> {
    this.place.mustBeOpen();
    checkMany(queue, options);
    checkItems(items);
    const { communicator, telemetry } = this.place;
    let sent = 0;
    const sending = telemetry?.sending(queue, undefined, undefined, () => sent);
    const sends = this.#sends.traced(sending?.traceparent);
    return told(sending, () =>
      sendMany(
        items,
        (data) => sends.outgoing('back', queue, data, options),
        async (outputs) => {
          await communicator.push(outputs);
          sent += outputs.length;
        },
      ),
    );
  }

  /**
   * Says that nothing more comes from outside; marbles of the batch may still send. The batch is complete as soon as
   * nothing is left. Safe to call twice. Throws MR_BATCH_SHORT where fewer than `expected` have ever been sent to it.
   */
  async seal(options: { readonly expected?: number } = {}): Promise<void> {
    this.place.mustBeOpen();
    checkOptions('seal', options, SEAL_RULES);
    await this.place.communicator.batches.seal(this.id, options.expected);
    this.#sealed = { expected: options.expected };
  }

  /**
   * Tells how the batch gets on. Await it for one look, or loop: `for await (const { left } of batch.progress())`.
   * Throws MR_NOT_FOUND.
   */
  progress(options: { readonly everyMs?: number; readonly signal?: Signal } = {}): Progress {
    checkOptions('progress', options, PROGRESS_RULES);
    return new Progress(() => this.#look(), options.everyMs ?? 1000, options.signal);
  }

  /** Waits until the batch is complete, and returns how it went. Throws the signal's reason, or MR_NOT_FOUND. */
  async done(options: { readonly signal?: Signal } = {}): Promise<BatchProgress> {
    checkOptions('done', options, DONE_RULES);
    const abort = options.signal;
    for (let pauseMs: number = LOOK_MS.first; ; pauseMs = Math.min(pauseMs * 1.5, LOOK_MS.most)) {
      abort?.throwIfAborted();
      const progress = await this.#look();
      if (progress.done) return progress;
      if (this.#sealed && !progress.sealed) await this.seal({ ...this.#sealed }); // Redis has forgotten it
      await sleep(pauseMs, undefined, abort && { signal: abort }).catch(() => undefined);
    }
  }

  /**
   * Cancels the batch and the batches in it. None of their marbles is begun any more, and handlers under way get their
   * signal. Returns false where the batch is complete.
   */
  cancel(reason = 'cancelled'): Promise<boolean> {
    this.place.mustBeOpen();
    checkOptions('cancel', { reason }, CANCEL_RULES);
    return this.place.communicator.batches.cancel(this.id, reason);
  }

  /** Groups the dead letters by what they died of, the most frequent group first. */
  failures(): Promise<FailureGroup[]> {
    this.place.mustBeOpen();
    return failureGroups(this.place.communicator, this.id);
  }

  /**
   * Puts the dead letters back into their queues and forgets their attempts. Returns how many. A batch that was
   * complete is open again; with `then: true` its `then` is sent once more when it is complete. Throws MR_BATCH_CLOSED
   * where it was cancelled.
   */
  async retryDead(options: { readonly then?: boolean } = {}): Promise<number> {
    this.place.mustBeOpen();
    checkOptions('retryDead', options, RETRY_RULES);
    return retryDead(this.place.communicator, this.id, options.then);
  }

  async #look(): Promise<BatchProgress> {
    this.place.mustBeOpen();
    const [state] = await this.place.communicator.batches.states([this.id]);
    if (!state) throw batchClosed([this.id, 'unknown']);
    return this.#pace.progress(state);
  }

  #sendOne(kind: SendKind, queue: string, data: unknown, options?: BatchSendOptions): Promise<string> {
    const { communicator, telemetry, mustBeOpen } = this.place;
    const sending = telemetry?.sending(queue, undefined, options?.id);
    return told(sending, async () => {
      mustBeOpen();
      const output = this.#sends.traced(sending?.traceparent).outgoing(kind, queue, data, options);
      await communicator.push([output]);
      return output.id;
    });
  }
}
