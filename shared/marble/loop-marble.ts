/**
 * The marble that a loop (`for await (const held of marble.each('pages'))`) has in hand.
 */
import type { TakenMarble } from './taken-marble.js';
import type { Signal } from './types.js';

export interface FailOptions {
  /** How long until the next attempt, instead of the backoff. */
  readonly retryInMs?: number;
}

export interface LoopMarble<K extends string = string, D = unknown> extends TakenMarble<K, D> {
  /** Aborted when the marble is known to have been taken back, or given back by `close`. */
  readonly signal: Signal;
  /** Ends it and commits what was kept back. Throws MR_NOTHING_HELD where it is not in hand any more, MR_LEASE_LOST, MR_CLOSED. */
  finish(): Promise<void>;
  /** Gives it back for another attempt, by default after a backoff. Throws as `finish` does. */
  fail(error: unknown, options?: FailOptions): Promise<void>;
}
