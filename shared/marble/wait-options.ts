/** Options of a wait: for which queues, how long, until which signal. */
import { abortSignal, bad, time, whole, type Rules } from '../check-options.js';
import { checkName } from '../communicator/keys.js';
import type { Signal } from './types.js';

export interface WaitOptions {
  /** Give up after this and return undefined. Default: wait for ever. */
  readonly timeoutMs?: number;
  /** Aborting it makes `wait` throw the signal's reason; nothing is taken. */
  readonly signal?: Signal;
}

export interface BatchesOptions {
  /** How many to pass over. Default 0. */
  readonly offset?: number;
  /** How many at the most. Default 100. */
  readonly limit?: number;
}

export interface EachOptions {
  /** Aborting it ends the loop; what is in hand then is given back. */
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
