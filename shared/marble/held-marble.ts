/**
 * The marble that a handler works on. What it sends is committed in one step with its finish.
 */
import type { SendOptions, UndelayedOptions } from './send-options.js';
import type { TakenMarble } from './taken-marble.js';
import type { QueueOf, Queues, Signal } from './types.js';

/** An interface, so that a test can stand in for it; `marblerun/testing` has one ready. */
export interface HeldMarble<Q extends object = Queues, K extends string = string, D = unknown> extends TakenMarble<
  K,
  D
> {
  /** Aborted when the lease is lost, the time limit passes, or the worker's drain time is over: the result will not be taken. */
  readonly signal: Signal;
  /** Sends to the end of a queue when this marble is finished. Returns the id. Throws MR_NOTHING_HELD once its handler has ended. */
  send<To extends QueueOf<Q>>(queue: To, data: Q[To], options?: SendOptions): string;
  /** Sends to the front of a queue when this marble is finished. Throws as `send` does. */
  expedite<To extends QueueOf<Q>>(queue: To, data: Q[To], options?: UndelayedOptions): string;
  /** Sends to a higher run when this marble is finished. Throws as `send` does. */
  elevate<To extends QueueOf<Q>>(queue: To, data: Q[To], options?: UndelayedOptions): string;
  /** Sets how long it is until the next attempt if the handler throws, instead of the backoff. */
  retryIn(retryInMs: number): void;
  /** Tells people what this worker is doing: the Monitor shows it in its list of holders. 200 characters at the most. */
  report(message: string): Promise<void>;
}
