/** The words before the data of a marble, in its envelope (`envelope.ts`). This file names nothing of Node.js. */

/** One delivery that was not finished, as scripts write it into the header. */
export interface Failure {
  readonly attempt: number;
  /** When it ended, in ms since 1970 by Redis's clock. */
  readonly at: number;
  /** `failed`, `dropped`, `abandoned`, `over its time limit`. */
  readonly why: string;
  /** The beginning of the error's message. */
  readonly error?: string;
}

/** Data that lie under a key of their own. */
export interface LargeData {
  /** The name of that key in its run: `data:<name>`. */
  readonly name: string;
  readonly bytes: number;
}

export interface Header {
  readonly id: string;
  /** Deliveries so far that failed or were dropped. A marble's `attempt` is one more. */
  readonly attempt: number;
  /**
   * When it was sent, in ms since 1970 by the sender's clock. This is for people and metrics: nothing is decided by it.
   */
  readonly sentAt: number;
  readonly type: 'j' | 'b' | 'c';
  /** Deliveries that are allowed before it counts as dead; where absent, the worker's default. */
  readonly maxAttempts?: number;
  readonly batch?: string;
  /** The id of the batch that it is a member of. */
  readonly member?: string;
  /** The run that it was first elevated from. */
  readonly origin?: string;
  /** How often it, or the marble that it came from, has been elevated. */
  readonly hops?: number;
  /** 1 where it goes before all others on its way to higher runs. */
  readonly expedited?: number;
  /** How long a delivery may take before it is taken back; 0: no limit. Where absent, the worker's limit. */
  readonly timeLimitMs?: number;
  /** The first backoff and the longest; where absent, the worker's. */
  readonly retryBaseMs?: number;
  readonly retryMaxMs?: number;
  /** The span that it was sent in, as W3C Trace Context writes it. */
  readonly traceparent?: string;
  /**
   * Set where the marble was held when its holder died, and may be the cause: 1 at first. It is 2 after the marble was
   * worked on among such suspects and their holder died again. From then on it is worked on alone. Never sent.
   */
  readonly suspicion?: number;
  /** Where its data lie, if that is beside the list (docs/decisions/large-data.md); the envelope then has none. */
  readonly large?: LargeData;
  /** The latest deliveries that were not finished, the oldest first; absent where there were none. Never sent. */
  readonly failures?: readonly Failure[];
}
