/**
 * How the actors of both parts end: Redis away for too long at the start ends a worker, as documented, and
 * who started it starts it again; anything else that ends one before it is told to stop is trouble.
 */
import { isMarbleRunError } from 'marblerun';
import type { Historian } from './history.js';

export function trouble(history: Historian, who: string, error: unknown): void {
  const what = (error as Error).stack ?? String(error);
  history.write({ e: 'trouble', who: `${who} ${process.pid}`, what });
}

export function endedBy(error: unknown, history: Historian, who: string, stopping: boolean): void {
  const foreseen =
    (stopping && isMarbleRunError(error, 'MR_CLOSED')) || isMarbleRunError(error, 'MR_REDIS_UNAVAILABLE');
  if (!foreseen) trouble(history, who, error);
  process.exitCode = stopping ? 0 : 1;
}
