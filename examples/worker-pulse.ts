/**
 * The pulse of a worker's event loop: a file that the worker writes each second. It holds the time, and the name by
 * which the worker's heartbeat is known. worker-alive.ts and worker-health.ts look at it.
 *
 * What may go wrong: the file cannot be written. Then the worker ends with a message: without its pulse it would be
 * taken for hung, and restarted again and again.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const PULSE_MS = 1000;

export interface Pulse {
  /** The time when it was written, in ms since 1970. */
  readonly at: number;
  /** The worker's holder; undefined before the worker has begun. */
  readonly holder: string | undefined;
}

/** Begins at once, so that the pulse of an earlier process is not taken for this one's. */
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
