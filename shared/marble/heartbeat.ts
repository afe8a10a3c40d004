/**
 * The heartbeat of this process's holders: in a thread of its own (one per process, started with the
 * first holder and ended with the last), or in the main loop.
 *
 * The thread has a connection of its own and beats while the main loop computes, so a busy worker is
 * not a dead one. What may go wrong: Redis cannot be reached; then beats are tried again on time,
 * a warning says so, and after the lease the marbles are handed out again.
 */
import type { Worker } from 'node:worker_threads';
import type { BusOptions } from '../communicator/bus-options.js';
import { Beater } from './beater.js';
import type { ResolvedOptions } from './options.js';
import { startThread } from './start-thread.js';

export interface Heartbeat {
  /** Resolves when it can beat: a lease must not begin before that. Rejects where the thread cannot be started. */
  ready(): Promise<void>;
  add(holder: string, lost: () => void): void;
  remove(holder: string): void;
}

export type ToThread =
  | {
      readonly add: {
        readonly holder: string;
        readonly bus: BusOptions;
        readonly leaseMs: number;
        readonly heartbeatMs: number;
      };
    }
  | { readonly remove: string };
export type FromThread = { readonly ready: true } | { readonly lost: string } | { readonly trouble: string };

export function heartbeatOf(options: ResolvedOptions): Heartbeat {
  const { redis, run, connectTimeoutMs, leaseMs, heartbeatMs } = options;
  // A half-open connection is to be noticed while there is time for another beat.
  const replyTimeoutMs = Math.min(options.replyTimeoutMs, Math.max(1000, Math.floor(heartbeatMs / 2)));
  const bus = { redis, run, connectTimeoutMs, retryTimeoutMs: heartbeatMs, replyTimeoutMs };
  if (options.heartbeat === 'loop') return loopHeartbeat(bus, leaseMs, heartbeatMs);
  return {
    ready: () => thread.start(),
    add: (holder, lost) => thread.add(holder, { add: { holder, bus, leaseMs, heartbeatMs } }, lost),
    remove: (holder) => thread.remove(holder),
  };
}

function loopHeartbeat(bus: BusOptions, leaseMs: number, heartbeatMs: number): Heartbeat {
  const listeners = new Map<string, () => void>();
  let beater: Beater | undefined;
  return {
    ready: () => Promise.resolve(),
    add(holder, lost) {
      listeners.set(holder, lost);
      beater ??= new Beater(bus, heartbeatMs, {
        lost: (id) => listeners.get(id)?.(),
        trouble: warn,
        blockedMs: () => 0,
      });
      beater.add(holder, leaseMs);
    },
    remove(holder) {
      listeners.delete(holder);
      if (beater?.remove(holder) !== 0) return;
      beater.stop();
      beater = undefined;
    },
  };
}

/** The main loop writes the time here; the thread reads how old it is. */
const TICK_MS = 250;

interface Beating {
  readonly message: ToThread;
  readonly lost: () => void;
}

const thread = {
  worker: undefined as Worker | undefined,
  started: undefined as Promise<void> | undefined,
  ticker: undefined as NodeJS.Timeout | undefined,
  holders: new Map<string, Beating>(),

  add(holder: string, message: ToThread, lost: () => void): void {
    this.holders.set(holder, { message, lost });
    this.start().catch(() => undefined); // told by `ended`
    this.worker?.postMessage(message);
  },

  remove(holder: string): void {
    if (!this.holders.delete(holder)) return;
    if (this.holders.size > 0) this.worker?.postMessage({ remove: holder } satisfies ToThread);
    else this.end();
  },

  start(): Promise<void> {
    return (this.started ??= new Promise((resolve, reject) => {
      const clock = new BigInt64Array(new SharedArrayBuffer(8));
      const tick = () => Atomics.store(clock, 0, BigInt(Date.now()));
      tick();
      this.ticker = setInterval(tick, TICK_MS);
      this.ticker.unref();
      const worker = startThread(clock);
      this.worker = worker;
      worker.on('message', (message: FromThread) => {
        if ('lost' in message) this.holders.get(message.lost)?.lost();
        else if ('trouble' in message) warn(message.trouble);
        else {
          worker.unref();
          resolve();
        }
      });
      let ready = false;
      worker.on('message', () => (ready = true));
      worker.once('error', (error: Error) => {
        reject(error);
        if (this.worker === worker) this.ended(error, ready);
      });
    }));
  },

  /** Of something unforeseen: the holders must not die with it, so it is started again if it ever ran. */
  ended(error: Error, ran: boolean): void {
    warn(`the thread ended: ${error.message}`);
    this.end();
    if (ran) for (const [holder, { message, lost }] of this.holders) this.add(holder, message, lost);
  },

  end(): void {
    clearInterval(this.ticker);
    void this.worker?.terminate();
    this.worker = this.started = undefined;
  },
};

function warn(message: string): void {
  process.emitWarning(`heartbeat: ${message}`, { type: 'MarbleRunWarning', code: 'MR_HEARTBEAT' });
}
