/**
 * The patience of a service with Redis: three variables, whose defaults suit the service.
 *
 * What may go wrong: they are too short for the path to Redis. Then the service connects again and again, and says so.
 */
import { wholeNumber } from './environment.js';

export interface BusTimeouts {
  readonly connectTimeoutMs: number;
  readonly retryTimeoutMs: number;
  readonly replyTimeoutMs: number;
}

/** Returns the variables for `readEnvironment`. */
export function timeoutVariables({ connectTimeoutMs, retryTimeoutMs, replyTimeoutMs }: BusTimeouts) {
  return {
    MARBLERUN_CONNECT_TIMEOUT_MS: wholeNumber(100, 600_000)
      .default(connectTimeoutMs)
      .describe('ms that the first connection to a Redis may take before a loop says so and tries again'),
    MARBLERUN_RETRY_TIMEOUT_MS: wholeNumber(100, 600_000)
      .default(retryTimeoutMs)
      .describe('ms for which a command keeps trying while Redis is away, before its loop says so and begins anew'),
    MARBLERUN_REPLY_TIMEOUT_MS: wholeNumber(1000, 3_600_000)
      .default(replyTimeoutMs)
      .describe(
        'ms that a connection may be silent while Redis owes an answer before it counts as half-open; a large command gets 1 s more for each 16 KiB',
      ),
  };
}

type Variables = Readonly<
  Record<'MARBLERUN_CONNECT_TIMEOUT_MS' | 'MARBLERUN_RETRY_TIMEOUT_MS' | 'MARBLERUN_REPLY_TIMEOUT_MS', number>
>;

export function busTimeouts(variables: Variables): BusTimeouts {
  return {
    connectTimeoutMs: variables.MARBLERUN_CONNECT_TIMEOUT_MS,
    retryTimeoutMs: variables.MARBLERUN_RETRY_TIMEOUT_MS,
    replyTimeoutMs: variables.MARBLERUN_REPLY_TIMEOUT_MS,
  };
}
