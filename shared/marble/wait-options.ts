/** Options of a wait: which queues, how long, and until which signal. */
import { abortSignal, bad, time, whole, type Rules } from '../check-options.js';
import { checkName } from '../communicator/redis/keys.js';
import type { Signal } from './types.js';

export interface WaitOptions {
  /** The time after which a wait gives up and returns undefined. Default: wait for ever. */
  readonly timeoutMs?: number;
  /** A signal. Aborting it makes `wait` throw the signal's reason; nothing is taken. */
  readonly signal?: Signal;
}

export interface BatchesOptions {
  /** The number of batches to skip. Default 0. */
  readonly offset?: number;
  /** The most batches to return. Default 100. */
  readonly limit?: number;
}

export interface EachOptions {
  /** A signal. Aborting it ends the loop; the marble in hand is then given back. */
  readonly signal?: Signal;
}

/** @internal */
export const BATCHES_RULES: Rules = { offset: whole(0), limit: whole(1, 10_000) };
/** @internal */
export const EACH_RULES: Rules = { signal: abortSignal };
/** @internal */
export const WAIT_RULES: Rules = { timeoutMs: time, ...EACH_RULES };

/** @internal Throws MR_BAD_OPTION, MR_BAD_NAME. */
export function queueNames(queues: string | readonly string[]): string[] {
  const names = typeof queues === 'string' ? [queues] : Array.isArray(queues) ? [...(queues as string[])] : [];
  if (names.length === 0) bad('queues', queues, 'the name of a queue, or an array of names');
  for (const name of names) checkName('queue', name);
  return names;
}
