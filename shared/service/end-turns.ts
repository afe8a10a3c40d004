/**
 * Ends the loops of a service within a time that fits every grace period.
 *
 * What may go wrong: a turn waits for a Redis that is away, or that took its command and does not answer. The turn is
 * broken off. A command whose answer nobody heard may have been done; every script may safely be run again.
 */
import type { Loop } from './loop.js';

/** The part of a communicator that the turns use and may wait for. */
export interface Breakable {
  readonly state: string;
  disconnect(): void;
}

/** The time to wait for a Redis that hangs. */
const PATIENCE_MS = 3000;

export async function endTurns(loops: readonly Loop[], used: readonly Breakable[]): Promise<void> {
  const ends = Promise.all(loops.map((loop) => loop.stop()));
  for (const one of used) if (one.state !== 'ready') one.disconnect();
  const timer = setTimeout(() => {
    for (const one of used) one.disconnect();
  }, PATIENCE_MS);
  await ends.finally(() => clearTimeout(timer));
}
