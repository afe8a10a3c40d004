/**
 * The pulse of a worker's event loop: a file that it touches each second, for worker-alive.ts to look at.
 *
 * What may go wrong: the file cannot be written. Then the worker ends with a message: without its pulse it would be taken
 * for hung, and restarted again and again.
 */
import { writeFileSync } from 'node:fs';

const PULSE_MS = 1000;

/** Begins at once, so that what an earlier process left behind is not taken for this one's. */
export function beginPulse(file: string): void {
  const touch = () => writeFileSync(file, `${Date.now()}\n`);
  touch();
  setInterval(touch, PULSE_MS).unref();
}
