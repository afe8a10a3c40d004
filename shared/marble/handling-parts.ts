/**
 * The parts of `handling.ts` that are told to others: its handler, its options, and what failed.
 */
import type { Held } from '../communicator/hold/held.js';
import { MarbleRunError } from '../errors.js';
import type { HeldInHandler } from './held-in-handler.js';

export type AnyHandler = (data: unknown, marble: never) => unknown;

export interface Failed {
  readonly marble: HeldInHandler;
  readonly error: unknown;
  /** True where the time limit has passed; the handler may still be at work. */
  readonly isLate: boolean;
}

export interface HandlingOptions {
  readonly concurrency: number;
  readonly prefetch: number;
  /** Returns true where the marble's batch is known to be cancelled. */
  readonly isCancelled: (held: Held) => boolean;
  /** Called at once for every failed attempt. */
  readonly onError: (error: unknown, marble: HeldInHandler) => void;
}

export function timeLimit(held: Held, limitMs: number): MarbleRunError {
  return new MarbleRunError(
    'MR_TIME_LIMIT',
    `marble ${held.envelope.id} of queue ${held.queue} took longer than ${limitMs} ms`,
  );
}
