/**
 * The heartbeat thread: sends heartbeats for all holders of the process, and watches the main loop.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { LinkOptions } from '../communicator/redis/bus-options.js';
import { warnOfNoEviction } from '../communicator/watch/eviction.js';
import type { Heart } from '../communicator/watch/hearts.js';
import { Beater } from './beater.js';

export type ToThread =
  | {
      readonly add: {
        readonly holder: string;
        readonly bus: LinkOptions;
        readonly leaseMs: number;
        readonly heartbeatMs: number;
        readonly heart: Heart | undefined;
        readonly progress: SharedArrayBuffer | undefined;
      };
    }
  | { readonly remove: string };
export type FromThread = { readonly ready: true } | { readonly lost: string } | { readonly trouble: string };

const clock = workerData as BigInt64Array;
const beaters = new Map<string, Beater>();
const beaterOf = new Map<string, string>();
const post = (message: FromThread) => parentPort?.postMessage(message);

parentPort?.on('message', (message: ToThread) => {
  if ('remove' in message) remove(message.remove);
  else add(message.add);
});

function add({ holder, bus, leaseMs, heartbeatMs, heart, progress }: Extract<ToThread, { add: unknown }>['add']): void {
  const key = JSON.stringify([bus, heartbeatMs, heart]);
  let beater = beaters.get(key);
  if (!beater) {
    const blockedMs = () => Date.now() - Number(Atomics.load(clock, 0));
    const lost = (holder: string) => post({ lost: holder });
    const trouble = (message: string) => post({ trouble: message });
    beater = new Beater(bus, heartbeatMs, { lost, trouble, blockedMs }, heart);
    beaters.set(key, beater);
  }
  beater.add(holder, leaseMs, progress);
  beaterOf.set(holder, key);
}

function remove(holder: string): void {
  const key = beaterOf.get(holder);
  if (key === undefined) return;
  beaterOf.delete(holder);
  const beater = beaters.get(key);
  if (beater?.remove(holder) === 0) {
    beater.stop();
    beaters.delete(key);
  }
}

warnOfNoEviction(); // the main thread warns of that
post({ ready: true });
