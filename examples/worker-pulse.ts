/**
 * The pulse of a worker's event loop: a file that it writes each second: when, and by which name its heartbeat is known.
 * worker-alive.ts and worker-health.ts look at it.
 *
 * What may go wrong: the file cannot be written. Then the worker ends with a message: without its pulse it would be taken
 * for hung, and restarted again and again.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const PULSE_MS = 1000;

export interface Pulse {
  /** When it was written, in ms since 1970. */
  readonly at: number;
  /** Undefined before the worker has begun. */
  readonly holder: string | undefined;
}

/** Begins at once, so that what an earlier process left behind is not taken for this one's. */
export function beginPulse(file: string, holder: () => string | undefined): void {
  const touch = () => writeFileSync(file, `${Date.now()} ${holder() ?? ''}\n`);
  touch();
  setInterval(touch, PULSE_MS).unref();
}

/** Reads the pulse of this container's worker. Throws where there is none. */
export function readPulse(): Pulse {
  const file = process.env['WORKER_PULSE_FILE'] || '/pulse/time';
  const [at = '', holder = ''] = readFileSync(file, 'utf8').trim().split(' ');
  return { at: Number(at), holder: holder || undefined };
}
