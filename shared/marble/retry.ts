/**
 * What a failed delivery leaves: how long its marble waits for the next one, and the error as it is kept.
 */
import { inspect } from 'node:util';
import type { Header } from '../communicator/envelope.js';

export interface RetryOptions {
  /** Backoff after the first failure; doubles with each. */
  readonly retryBaseMs: number;
  /** Backoff at the most. */
  readonly retryMaxMs: number;
  /** The share of the backoff that is left to chance, so that herds spread. */
  readonly retryJitter: number;
}

/** What the marble says of itself goes before what its worker says. */
export function backoffMs(marble: Header, worker: RetryOptions): number {
  const base = marble.retryBaseMs ?? worker.retryBaseMs;
  const full = Math.min(marble.retryMaxMs ?? worker.retryMaxMs, base * 2 ** Math.min(marble.attempt, 30));
  return Math.round(full * (1 - worker.retryJitter * Math.random()));
}

const STACK_LIMIT = 2000;
const WORD_LIMIT = 100;

/** Whatever was thrown, as plain JSON of some kilobytes at the most. */
export function describeError(error: unknown): Record<string, string | number> {
  if (!(error instanceof Error)) return { message: text(error, STACK_LIMIT) };
  const { name, message, stack, cause } = error;
  const code = (error as { code?: unknown }).code;
  return {
    name: text(name, WORD_LIMIT),
    message: text(message, STACK_LIMIT),
    ...(code === undefined ? {} : { code: Number.isFinite(code) ? (code as number) : text(code, WORD_LIMIT) }),
    ...(stack === undefined ? {} : { stack: text(stack, STACK_LIMIT) }),
    ...(cause === undefined ? {} : { cause: text(cause, STACK_LIMIT) }),
  };
}

/** Half a character at the end of what was cut would be no JSON to Redis. */
function text(value: unknown, most: number): string {
  const whole = typeof value === 'string' ? value : inspect(value, { depth: 2 });
  return Buffer.from(whole.slice(0, most)).toString();
}
