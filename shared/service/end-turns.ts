/**
 * The end of the loops of a service, in a time that fits every grace period.
 *
 * What may go wrong: a turn waits for a Redis that is away, or that took its command and does not answer. It is broken
 * off: a command whose answer nobody heard may have been done, and every script may be run again.
 */
import type { Loop } from './loop.js';

/** The part of a communicator that turns use and may wait for. */
export interface Breakable {
  readonly state: string;
  disconnect(): void;
}

/** The time for which a hung Redis is waited for. */
const PATIENCE_MS = 3000;

export async function endTurns(loops: readonly Loop[], used: readonly Breakable[]): Promise<void> {
  const ends = Promise.all(loops.map((loop) => loop.stop()));
  for (const one of used) if (one.state !== 'ready') one.disconnect();
  const timer = setTimeout(() => {
    for (const one of used) one.disconnect();
  }, PATIENCE_MS);
  await ends.finally(() => clearTimeout(timer));
}
