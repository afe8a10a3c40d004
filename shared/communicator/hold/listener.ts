/**
 * Waits for the wake-ups of several queues, with one command for all of this process that wait on the same ones.
 *
 * It listens while somebody waits, and each wake-up goes to the one that has waited longest. Who joins while it listens asks
 * Redis nothing. What may go wrong: a wake-up comes when nobody waits here any more; it is passed on. Or it is lost, with
 * a reply or with a process: a look at the queues finds what lies there, `pollMs` later at the latest.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LinkOptions } from '../redis/bus-options.js';
import { Connection, closed } from '../redis/connection.js';
import type { RunKeys } from '../redis/keys.js';
import { lookAt } from './wake-ups.js';

/** The longest time that Node.js lets a timer run. */
const MOST_TIMER_MS = 2_147_483_647;
/** The least time for which a queue is noted as watched. A note is renewed when half of that is over. */
const LEAST_WATCHED_MS = 600_000;

export interface ListenerPlace {
  readonly options: LinkOptions;
  readonly keys: RunKeys;
  /** Names that differ. */
  readonly queues: readonly string[];
  /** The time between looks at the queues, which is also the longest block of a command. */
  readonly pollMs: number;
}

/** Listeners of this process, by what they listen to. */
const shared = new Map<string, Listener>();

class Listener {
  readonly #waiting: Connection;
  /** Users who wait, the one that has waited longest first. */
  readonly #waiters = new Set<Listening>();
  readonly #wakeUps: readonly string[];
  #listening: Promise<void> | undefined;
  #users = 0;

  private constructor(
    private readonly key: string,
    private readonly place: ListenerPlace,
  ) {
    this.#waiting = Connection.own(place.options, place.pollMs);
    this.#wakeUps = place.queues.map(place.keys.wake);
  }

  static shared(place: ListenerPlace): Listener {
    const { options, queues, pollMs } = place;
    const { redis, run, connectTimeoutMs, replyTimeoutMs, retryTimeoutMs } = options;
    const key = JSON.stringify([redis, run, connectTimeoutMs, replyTimeoutMs, retryTimeoutMs, pollMs, ...queues]);
    const listener = shared.get(key) ?? new Listener(key, place);
    shared.set(key, listener);
    listener.#users++;
    return listener;
  }

  add(waiter: Listening): void {
    this.#waiters.add(waiter);
    this.#listening ??= this.#listen().finally(() => {
      this.#listening = undefined;
      const [next] = this.#waiters;
      if (next) this.add(next); // it came while the last turn ended
    });
  }

  remove(waiter: Listening): void {
    this.#waiters.delete(waiter);
  }

  /** Removes a user. With the last one it ends. `unblock` ends what waits at Redis, by a connection that is free. */
  async leave(unblock: ((waiting: Connection) => Promise<void>) | undefined): Promise<void> {
    if (--this.#users > 0) return;
    shared.delete(this.key);
    try {
      while (unblock && this.#listening) {
        await unblock(this.#waiting);
        await Promise.race([this.#listening, sleep(10)]); // the command may not have reached Redis yet: try again then
      }
    } finally {
      this.#waiting.close();
    }
  }

  async #listen(): Promise<void> {
    try {
      for (let look = true; this.#waiters.size > 0;) {
        const queue = await this.#waiting.run((redis, again) => this.#next(redis, look || again));
        look = queue === undefined;
        const [first] = this.#waiters;
        if (queue === undefined) continue;
        if (first) first.wake(queue);
        else await this.#waiting.run((redis) => lookAt(redis, this.place.keys, [queue], 0)); // passes it on
      }
    } catch (error) {
      for (const waiter of [...this.#waiters]) waiter.fail(error);
    }
  }

  /** Waits for the next wake-up. Slices differ by chance, or listeners that began together would also look together. */
  async #next(redis: Parameters<typeof lookAt>[0], look: boolean): Promise<string | undefined> {
    const { keys, queues, pollMs } = this.place;
    if (look) await lookAt(redis, keys, queues, Math.max(LEAST_WATCHED_MS, 4 * pollMs));
    const sliceMs = Math.max(10, pollMs * (0.5 + 0.5 * Math.random()));
    const came = await redis.bzpopmin(...this.#wakeUps, sliceMs / 1000);
    return came?.[1];
  }
}

export interface ListeningParts {
  /** Ends a command that blocks on a connection. */
  readonly unblock: (waiting: Connection) => Promise<void>;
  /** Called when the share is given up. */
  readonly left: (listening: Listening) => void;
}

/** The share of one user in a listener. It waits once at a time. */
export class Listening {
  readonly #listener: Listener;
  #timer: NodeJS.Timeout | undefined;
  #settle: { resolve: (queue: string | undefined) => void; reject: (error: unknown) => void } | undefined;
  #left: Promise<void> | undefined;

  /** Does no I/O. */
  constructor(
    place: ListenerPlace,
    private readonly parts: ListeningParts,
  ) {
    this.#listener = Listener.shared(place);
  }

  /** Resolves with the queue of a wake-up; undefined when the time is over or `end` was called. Throws MR_REDIS_*, MR_CLOSED. */
  wait(ms: number): Promise<string | undefined> {
    if (this.#left) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      if (ms !== Infinity) this.#timer = setTimeout(() => this.end(), Math.min(ms, MOST_TIMER_MS));
      this.#listener.add(this);
    });
  }

  /** Ends a wait that is under way. */
  end(): void {
    this.#over()?.resolve(undefined);
  }

  wake(queue: string): void {
    this.#over()?.resolve(queue);
  }

  fail(error: unknown): void {
    this.#over()?.reject(error);
  }

  /** Ends the wait, and gives up the share. Safe twice. */
  leave(): Promise<void> {
    this.end();
    this.parts.left(this);
    return (this.#left ??= this.#listener.leave(this.parts.unblock));
  }

  /** Gives up the share at once: what waits fails with MR_CLOSED. Safe twice, and after `leave`. */
  close(): void {
    this.fail(closed());
    this.#left ??= this.#listener.leave(undefined);
  }

  #over() {
    const settle = this.#settle;
    clearTimeout(this.#timer);
    this.#settle = this.#timer = undefined;
    this.#listener.remove(this);
    return settle;
  }
}
