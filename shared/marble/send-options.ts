/** Options that describe one marble when it is sent. */

export interface SendOptions {
  /**
   * The name of this marble. MarbleRun does not compare ids: two marbles with one id are two marbles. Default: a unique
   * one.
   */
  readonly id?: string;
  /** The time that must pass before the marble is handed out. Default 0. */
  readonly delayMs?: number;
  /** Deliveries before the marble counts as dead. Default: what the worker says. */
  readonly maxAttempts?: number;
  /**
   * The longest time that one delivery may take; a longer one is taken back. 0: no limit. Default: what the worker
   * says.
   */
  readonly timeLimitMs?: number;
  /** Backoff after the first failure; it doubles with each further one. Default: what the worker says. */
  readonly retryBaseMs?: number;
  /** The longest backoff. Default: what the worker says. */
  readonly retryMaxMs?: number;
  /**
   * A label that marbles of one job share. Null means no label, and no part in the batch of the marble in hand either
   * (docs/BATCHES.md). Default: that of the marble in hand.
   */
  readonly batch?: string | null;
  /**
   * For `elevate`: the marble goes before all others on its lanes, and to the front of the queue where it arrives.
   * Default false.
   */
  readonly expedite?: boolean;
}

/** Options of a send that cannot be delayed: only a send to the end of a queue may wait for its time. */
export type UndelayedOptions = Omit<SendOptions, 'delayMs'>;
