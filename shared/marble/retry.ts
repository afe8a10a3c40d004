/**
 * How long a marble waits for its next delivery, after one that failed.
 */
import type { Header } from '../communicator/header.js';

export interface RetryOptions {
  /** Backoff after the first failure; doubles with each. */
  readonly retryBaseMs: number;
  /** Backoff at the most. */
  readonly retryMaxMs: number;
  /** The share of the backoff that is left to chance, so that herds spread. */
  readonly retryJitter: number;
}

/** The options of a marble go before those of its worker. */
export function backoffMs(marble: Header, worker: RetryOptions): number {
  const base = marble.retryBaseMs ?? worker.retryBaseMs;
  const full = Math.min(marble.retryMaxMs ?? worker.retryMaxMs, base * 2 ** Math.min(marble.attempt, 30));
  return Math.round(full * (1 - worker.retryJitter * Math.random()));
}
