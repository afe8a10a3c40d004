/**
 * The heartbeat thread: sends heartbeats for all holders of the process, and watches the main loop.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { warnOfNoEviction } from '../communicator/watch/eviction.js';
import { Beaters, type Beating } from './beaters.js';
import type { SharedWithThread } from './start-thread.js';

export type ToThread = { readonly add: Beating } | { readonly remove: string } | { readonly beatNow: true };
export type FromThread = { readonly ready: true } | { readonly lost: string } | { readonly trouble: string };

const { clock } = workerData as SharedWithThread;
const post = (message: FromThread) => parentPort?.postMessage(message);
const beaters = new Beaters({
  lost: (holder) => post({ lost: holder }),
  trouble: (message) => post({ trouble: message }),
  blockedMs: () => Date.now() - Number(Atomics.load(clock, 0)),
});

parentPort?.on('message', (message: ToThread) => {
  if ('remove' in message) beaters.remove(message.remove);
  else if ('add' in message) beaters.add(message.add);
  else beaters.beatNow();
});

warnOfNoEviction(); // the main thread warns of that
post({ ready: true });
