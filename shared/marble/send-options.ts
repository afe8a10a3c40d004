/** What may be said of one marble when it is sent. */

export interface SendOptions {
  /** Default: a unique one. MarbleRun does not compare ids: two marbles with one id are two marbles. */
  readonly id?: string;
  /** Not to be handed out before this has passed. Default 0. */
  readonly delayMs?: number;
  /** Deliveries before it counts as dead. Default: what the worker says. */
  readonly maxAttempts?: number;
  /** A delivery that takes longer is taken back; 0: no limit. Default: what the worker says. */
  readonly timeLimitMs?: number;
  /** Backoff after the first failure; doubles with each. Default: what the worker says. */
  readonly retryBaseMs?: number;
  /** Backoff at the most. Default: what the worker says. */
  readonly retryMaxMs?: number;
  /** A label that marbles of one job share. Default: that of the marble in hand. Null: none, and no member of its batch (docs/BATCHES.md) either. */
  readonly batch?: string | null;
  /** For `elevate`: goes before all others on its lanes, and to the front of the queue where it arrives. Default false. */
  readonly expedite?: boolean;
}

/** Only what goes to the end of a queue may wait for its time. */
export type UndelayedOptions = Omit<SendOptions, 'delayMs'>;
