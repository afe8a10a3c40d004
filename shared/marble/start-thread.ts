/**
 * Starts the program of the heartbeat thread: in the source tree from its file; in the package, and in a bundle, from the
 * text that is built in. The text is one file for Node.js to load and not fifty, so the thread is up in a third of the
 * time.
 *
 * What may go wrong: this copy was bundled from the source tree, which has no such text, or the process may not start
 * threads. The main loop sends heartbeats then (thread-keeper.ts).
 */
import { Worker } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { beside } from '../beside.js';
import { threadSource } from './thread-source.js';

export function startThread(workerData: unknown): Worker {
  const options = { workerData, execArgv: inherited(process.execArgv) };
  const file = beside(import.meta.url, './heartbeat-thread.js');
  if (file) return new Worker(file, options);
  if (threadSource === '') throw new Error('its program is missing: this copy of marblerun is incomplete');
  return new Worker(gunzipSync(Buffer.from(threadSource, 'base64')).toString(), { ...options, eval: true });
}

/** Flags of Node.js that say how to connect, with or without a value. */
const ALONE = /^--(tls-m(in|ax)-v1\.\d|(no-)?network-family-autoselection)$/;
const WITH_VALUE = /^--(dns-result-order|network-family-autoselection-attempt-timeout)(=|$)/;

/**
 * Returns the flags that the thread inherits. All others are for the main program: a thread refuses some
 * (`--input-type`), and would load modules that only the main program needs (`--import`).
 */
export function inherited(flags: readonly string[]): string[] {
  return flags.flatMap((flag, i) => {
    if (ALONE.test(flag)) return [flag];
    if (!WITH_VALUE.test(flag)) return [];
    return [flag.includes('=') ? flag : `${flag}=${flags[i + 1] ?? ''}`];
  });
}
