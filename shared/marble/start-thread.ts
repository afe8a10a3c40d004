/**
 * Starts the program of the heartbeat thread: in the source tree from its file; in the package, and in a bundle, from the
 * text that is built in. The text is one file for Node.js to load and not fifty, so the thread is up in a third of the
 * time.
 *
 * The thread exists at once, and loads its program a second later, or when it is told to hurry. It waits by itself: a
 * main loop that blocks does not keep it from that. Loading takes 60 ms of a core, which the first marbles of a process
 * have for themselves so (docs/decisions/first-second.md).
 *
 * What may go wrong: this copy was bundled from the source tree, which has no such text, or the process may not start
 * threads. The main loop sends heartbeats then (thread-keeper.ts).
 */
import { Worker } from 'node:worker_threads';
import { beside } from '../beside.js';
import { threadSource } from './thread-source.js';

/** The memory that the main thread and the heartbeat thread share. */
export interface SharedWithThread {
  /** The time at which the main loop last turned, in ms. */
  readonly clock: BigInt64Array;
  /** Not 0: the thread loads its program at once. Those who set it notify (`Atomics.notify`). */
  readonly hurry: Int32Array;
}

const REST_MS = 1000;

/** The first lines of the thread. They are text, since a bundle has no file for them. */
const BEGIN = `
const { workerData } = require('node:worker_threads');
const { hurry, file, text } = workerData;
Atomics.wait(hurry, 0, 0, ${REST_MS});
if (file) import(file);
else {
  const program = require('node:zlib').gunzipSync(Buffer.from(text, 'base64')).toString();
  require('node:vm').compileFunction(program, ['require'])(require);
}`;

export function startThread(shared: SharedWithThread): Worker {
  const file = beside(import.meta.url, './heartbeat-thread.js');
  if (!file && threadSource === '') throw new Error('its program is missing: this copy of marblerun is incomplete');
  const workerData = { ...shared, ...(file ? { file: file.href } : { text: threadSource }) };
  return new Worker(BEGIN, { eval: true, workerData, execArgv: inherited(process.execArgv) });
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
