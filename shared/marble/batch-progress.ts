/**
 * The progress of a batch, for people and programs: what Redis counts, and how fast the counts change.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchState } from '../communicator/batch/batch-state.js';

export interface BatchProgress {
  readonly name: string;
  readonly id: string;
  /** The id of the batch that this one is in. */
  readonly parent: string | undefined;
  /** Marbles that were ever sent; a batch inside this one counts as one. */
  readonly sent: number;
  /** Marbles that are alive: they wait, are delayed, or are in hand. */
  readonly left: number;
  readonly finished: number;
  /** Marbles that are among the dead now. */
  readonly dead: number;
  /** Marbles that were dropped because the batch was cancelled. */
  readonly cancelled: number;
  /** Dead letters that were removed by a person or by their retention, and waiting ones that were destroyed. */
  readonly gone: number;
  readonly failedAttempts: number;
  /**
   * The number of ends beyond the number of marbles. Somebody has copied marbles by hand, and the counts cannot be
   * trusted.
   */
  readonly surplus: number;
  /** Marbles that end in a second, since the previous look or since the batch was opened. */
  readonly ratePerSecond: number;
  /** The time until nothing is left, at that rate. Undefined before the seal, and where it is not known. */
  readonly etaMs: number | undefined;
  readonly sealed: boolean;
  /** True once the batch is complete: nothing is left, and nothing can be sent to it. */
  readonly done: boolean;
  /** True once `then` was sent. */
  readonly fired: boolean;
  /** The reason why the batch was cancelled; undefined where it was not. */
  readonly cancelReason: string | undefined;
  /** The time when the batch was opened, in ms since 1970, by Redis's clock. */
  readonly openedAt: number;
  readonly doneAt: number | undefined;
}

const LEAST_MS = 500;

/** Measures how fast a batch gets on, from one look to the next. */
export class Pace {
  #before: { readonly at: number; readonly over: number } | undefined;
  #rate: number | undefined;

  progress(state: BatchState): BatchProgress {
    const { at, cancelled: cancelReason, cancelledMembers: cancelled } = state;
    const over = state.finished + state.dead + state.gone + cancelled;
    const before = this.#before ?? { at: state.openedAt, over: 0 };
    if (at - before.at >= LEAST_MS || this.#rate === undefined) {
      this.#rate = Math.max(0, ((over - before.over) * 1000) / Math.max(at - before.at, 1));
      this.#before = { at, over };
    }
    const rate = this.#rate;
    const done = state.doneAt !== undefined;
    const etaMs = done ? 0 : state.sealed && rate > 0 ? Math.round((state.left * 1000) / rate) : undefined;
    const { name, id, parent, sent, left, finished, dead, gone, failedAttempts, surplus } = state;
    return {
      ...{ name, id, parent, sent, left, finished, dead, cancelled, gone, failedAttempts, surplus },
      ...{ ratePerSecond: rate, etaMs, sealed: state.sealed, done, fired: state.fired, cancelReason },
      ...{ openedAt: state.openedAt, doneAt: state.doneAt },
    };
  }
}

/** The progress of a batch: `await` it for one look, or use `for await` to look until the batch is complete. */
export class Progress implements PromiseLike<BatchProgress>, AsyncIterable<BatchProgress> {
  constructor(
    private readonly look: () => Promise<BatchProgress>,
    private readonly everyMs: number,
    private readonly signal: AbortSignal | undefined,
  ) {}

  then<A = BatchProgress, B = never>(
    done?: ((progress: BatchProgress) => A | PromiseLike<A>) | null,
    failed?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.look().then(done, failed);
  }

  catch<B = never>(failed?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<BatchProgress | B> {
    return this.look().catch(failed);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<BatchProgress, void, undefined> {
    for (;;) {
      this.signal?.throwIfAborted();
      const progress = await this.look();
      yield progress;
      if (progress.done) return;
      await sleep(this.everyMs, undefined, this.signal && { signal: this.signal }).catch(() => undefined);
    }
  }
}
