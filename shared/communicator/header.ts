/** What stands before the data of a marble, as words of its envelope (`envelope.ts`). It names nothing of Node.js. */

/** One delivery that was not finished, as scripts write it into the header. */
export interface Failure {
  readonly attempt: number;
  /** In ms since 1970 by Redis's clock. */
  readonly at: number;
  /** `failed`, `dropped`, `abandoned`, `over its time limit`. */
  readonly why: string;
  /** The beginning of the error's message. */
  readonly error?: string;
}

export interface Header {
  readonly id: string;
  /** Failed or dropped deliveries so far; a marble's `attempt` is one more. */
  readonly attempt: number;
  /** When it was sent, in ms since 1970 by the sender's clock. For people and metrics: nothing is decided by it. */
  readonly sentAt: number;
  readonly type: 'j' | 'b' | 'c';
  /** Deliveries allowed before it counts as dead; the worker's default where absent. */
  readonly maxAttempts?: number;
  readonly batch?: string;
  /** The id of the batch that it is a member of. */
  readonly member?: string;
  /** The run it was first elevated from. */
  readonly origin?: string;
  /** How often it, or the marble it came of, has been elevated. */
  readonly hops?: number;
  /** 1: on its way to higher runs it goes before all others. */
  readonly expedited?: number;
  /** A delivery that takes longer is taken back; 0: no limit. The worker's where absent. */
  readonly timeLimitMs?: number;
  /** The first backoff and the longest; the worker's where absent. */
  readonly retryBaseMs?: number;
  readonly retryMaxMs?: number;
  /** The span that sent it, as W3C Trace Context writes it. */
  readonly traceparent?: string;
  /**
   * Held when its holder died, and perhaps the cause: 1, or 2 after it was worked on among such suspects and that ended so
   * again. Then it is worked on alone. Never sent.
   */
  readonly suspicion?: number;
  /** The latest deliveries that were not finished, the oldest first; absent where there was none. Never sent. */
  readonly failures?: readonly Failure[];
}
