/**
 * Computes how long a marble waits for its next delivery after a failed one.
 */
import type { Header } from '../communicator/data/header.js';

export interface RetryOptions {
  /** Backoff after the first failure; it doubles with each further one. */
  readonly retryBaseMs: number;
  /** The longest backoff. */
  readonly retryMaxMs: number;
  /** The share of the backoff that is left to chance, so that herds spread. */
  readonly retryJitter: number;
}

/** Returns the backoff. Options of the marble take precedence over those of its worker. */
export function backoffMs(marble: Header, worker: RetryOptions): number {
  const base = marble.retryBaseMs ?? worker.retryBaseMs;
  const full = Math.min(marble.retryMaxMs ?? worker.retryMaxMs, base * 2 ** Math.min(marble.attempt, 30));
  return Math.round(full * (1 - worker.retryJitter * Math.random()));
}
