/**
 * Sends the heartbeats of this process's holders, in a thread of its own or in the main loop. A process has one such
 * thread: it starts with the first holder and ends with the last.
 *
 * The thread has its own connection and sends heartbeats while the main loop computes, so a busy worker does not count
 * as dead. It also gives back marbles that such a worker has not begun. What may go wrong: Redis cannot be reached.
 * Then heartbeats are tried again on time, a warning says so, and after the lease the marbles are handed out again.
 */
import type { LinkOptions } from '../communicator/redis/bus-options.js';
import type { Heart } from '../communicator/watch/hearts.js';
import { Beaters } from './beaters.js';
import { heartOf, newHeart } from './heart.js';
import type { ResolvedOptions } from './options.js';
import { ThreadKeeper } from './thread-keeper.js';

export interface Heartbeat {
  /** The heart that is missed when its connection ends; undefined with `goneMs: 0`. */
  readonly heart: Heart | undefined;
  /**
   * Calls `begin`, which begins a lease and adds its holder, as soon as heartbeats will be sent in time. Rejects with the
   * reason of `signal`.
   */
  whileUp(begin: () => Promise<void>, signal: AbortSignal): Promise<void>;
  /** Adds a holder. `progress` tells how far a worker that takes ahead has come (communicator/hold/progress.ts). */
  add(holder: string, lost: () => void, progress?: SharedArrayBuffer): void;
  remove(holder: string): void;
  /** Has hearts noted anew, before the next heartbeat is due: one may be noted with a connection that has ended. */
  beatNow(): void;
}

/** The longest pause of a heartbeat that was cut. It is missed after `goneMs`, so it tries to come back more often than others. */
const MOST_PAUSE_MS = 200;

export function heartbeatOf(options: ResolvedOptions): Heartbeat {
  const { redis, run, connectTimeoutMs, leaseMs, heartbeatMs, goneMs } = options;
  // A half-open connection must be noticed while there is time for another heartbeat.
  const replyTimeoutMs = Math.min(options.replyTimeoutMs, Math.max(1000, Math.floor(heartbeatMs / 2)));
  const bus = { redis, run, connectTimeoutMs, retryTimeoutMs: heartbeatMs, replyTimeoutMs, mostPauseMs: MOST_PAUSE_MS };
  if (options.heartbeat === 'loop') return loopHeartbeat(bus, options);
  const heart = heartOf(bus, options);
  return {
    heart,
    whileUp: (begin, signal) => thread.whileUp(begin, signal, { leaseMs, goneMs }),
    add: (holder, lost, progress) => thread.add({ holder, bus, leaseMs, heartbeatMs, heart, progress }, lost),
    remove: (holder) => thread.remove(holder),
    beatNow: () => thread.beatNow(),
  };
}

function loopHeartbeat(bus: LinkOptions, { leaseMs, heartbeatMs, goneMs }: ResolvedOptions): Heartbeat {
  const heart = newHeart(goneMs);
  const listeners = new Map<string, () => void>();
  const tell = (holder: string) => listeners.get(holder)?.();
  const beaters = new Beaters({ lost: tell, trouble: warn, blockedMs: () => 0 });
  return {
    heart,
    whileUp: (begin) => begin(),
    add(holder, lost) {
      listeners.set(holder, lost);
      beaters.add({ holder, bus, leaseMs, heartbeatMs, heart, progress: undefined });
    },
    remove(holder) {
      listeners.delete(holder);
      beaters.remove(holder);
    },
    beatNow: () => beaters.beatNow(),
  };
}

const thread = new ThreadKeeper(warn);

function warn(message: string): void {
  process.emitWarning(`heartbeat: ${message}`, { type: 'MarbleRunWarning', code: 'MR_HEARTBEAT' });
}
