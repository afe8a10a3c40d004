/**
 * The marble that a loop (`for await (const held of marble.each('pages'))`) has in hand.
 */
import type { Failure } from '../communicator/header.js';
import type { Held } from '../communicator/in-hand.js';
import type { Signal } from './types.js';

/** The ways to end a marble; the Marble whose loop this is provides them. */
export interface Ending {
  finish(): Promise<void>;
  fail(error: unknown, options?: FailOptions): Promise<void>;
}

export interface FailOptions {
  /** The delay until the next attempt, instead of the backoff. */
  readonly retryInMs?: number;
}

export class LoopMarble<K extends string = string, D = unknown> {
  readonly #held: Held;
  readonly #ending: Ending;

  /** @internal */
  constructor(
    held: Held,
    /** The data that was sent. */
    readonly data: D,
    /** A signal that is aborted when the marble is known to have been taken back, or when `close` has given it back. */
    readonly signal: Signal,
    ending: Ending,
  ) {
    this.#held = held;
    this.#ending = ending;
  }

  get id(): string {
    return this.#held.envelope.id;
  }

  get queue(): K {
    return this.#held.queue as K;
  }

  get batch(): string | undefined {
    return this.#held.envelope.batch;
  }

  /** The number of this delivery, from 1. */
  get attempt(): number {
    return this.#held.envelope.attempt + 1;
  }

  /** The latest deliveries that were not finished, the oldest first. */
  get failures(): readonly Failure[] {
    return this.#held.envelope.failures ?? [];
  }

  /**
   * Ends the marble and commits what was kept back. Throws MR_NOTHING_HELD where it is no longer in hand,
   * MR_LEASE_LOST, MR_CLOSED.
   */
  finish(): Promise<void> {
    return this.#ending.finish();
  }

  /** Gives the marble back for another attempt, by default after a backoff. Throws as `finish` does. */
  fail(error: unknown, options?: FailOptions): Promise<void> {
    return this.#ending.fail(error, options);
  }
}
