/**
 * One connection to the bus that heals: commands wait while Redis is away and are asked again.
 *
 * ioredis reconnects; it neither queues nor resends here (`enableOfflineQueue`,
 * `autoResendUnfulfilledCommands` off), because only this file knows which command may be asked
 * again and must then say so. What may go wrong: before the first success Redis being away is an
 * error after `connectTimeoutMs`; afterwards a command waits as long as it takes, or
 * `retryTimeoutMs`, and the caller is told MR_REDIS_UNAVAILABLE.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis, type RedisOptions } from 'ioredis';
import { MarbleRunError } from '../errors.js';
import { LAYOUT_VERSION, keysOf } from './keys.js';
import { Waiting, verdictOn } from './redis-errors.js';
import { defineScripts } from './scripts.js';

export interface BusOptions {
  /** A URL (`redis://`, `rediss://`, or the path of a Unix socket) or ioredis options. Default `redis://localhost:6379`. */
  readonly redis?: string | RedisOptions;
  /** Default `main`. */
  readonly run?: string;
  /** How long the first connection may take. Default 10,000 ms. */
  readonly connectTimeoutMs?: number;
  /** How long a command goes on trying while Redis is away. Default 0: as long as it takes. */
  readonly retryTimeoutMs?: number;
  /** How long Redis may leave a command without any reply before the connection counts as half-open. Default 10,000 ms. */
  readonly replyTimeoutMs?: number;
  /** Replicas that must have what was sent before `send` returns. Default 0: the primary is enough. */
  readonly replicas?: number;
  /** How long they may take. Default 1,000 ms. */
  readonly replicasTimeoutMs?: number;
}

export const BUS_DEFAULTS = Object.freeze({
  redis: 'redis://localhost:6379',
  run: 'main',
  connectTimeoutMs: 10_000,
  retryTimeoutMs: 0,
  replyTimeoutMs: 10_000,
  replicas: 0,
  replicasTimeoutMs: 1000,
});

const OLDEST_REDIS = 7;

export class Connection {
  readonly #redis: Redis;
  readonly #options: Required<BusOptions>;
  #connecting: Promise<void> | undefined;
  #checked: Promise<void> | undefined;
  #lastError: unknown;
  /** Which server we are connected to, and under which number. */
  #session: { server: string; id: number } | undefined;
  #everReady = false;
  #closed = false;
  #state = 'not connected';

  /** `blockMs`: the longest block of a command on this connection, for one that only waits. */
  constructor(options: BusOptions, blockMs = 0) {
    this.#options = { ...BUS_DEFAULTS, ...options };
    const ours: RedisOptions = {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      enableReadyCheck: false,
      connectTimeout: this.#options.connectTimeoutMs,
      socketTimeout: blockMs + this.#options.replyTimeoutMs,
      retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), 2000) * (0.75 + Math.random() / 2),
    };
    const { redis } = this.#options;
    this.#redis = typeof redis === 'string' ? new Redis(redis, ours) : new Redis({ ...redis, ...ours });
    defineScripts(this.#redis);
    this.#redis.on('error', (error) => {
      this.#lastError = error;
      this.#state = error.message;
    });
    this.#redis.on('close', () => {
      this.#checked = undefined;
      if (this.#state === 'ready') this.#state = 'disconnected';
    });
  }

  /** `ready`, or what it waits for, in the words of Redis or the system. */
  get state(): string {
    return this.#state;
  }

  /** Where this connects to, without the password. */
  get address(): string {
    const { host, port, path } = this.#redis.options;
    return path ?? `${host ?? 'localhost'}:${port ?? 6379}`;
  }

  /**
   * Runs a command until it is answered. `attempt` is told whether an earlier try may have been done.
   * Throws a MarbleRunError: what Redis refused, MR_REDIS_UNAVAILABLE, or MR_CLOSED.
   */
  async run<T>(attempt: (redis: Redis, again: boolean) => Promise<T>): Promise<T> {
    let again = false;
    const started = Date.now();
    for (let tries = 1; ; tries++) {
      try {
        if (!this.#usable) await this.#ready();
        return await attempt(this.#redis, again);
      } catch (error) {
        const verdict = this.#judge(error);
        if (verdict.kind === 'refused') throw verdict.error;
        again ||= verdict.kind === 'cut';
        this.#giveUpAfter(started, error);
        await sleep(Math.min(10 * 2 ** tries, 1000));
      }
    }
  }

  /** Like `run`, but also waits while Redis is full: for work that is done already and must not be dropped. */
  patient<T>(attempt: (redis: Redis, again: boolean) => Promise<T>): Promise<T> {
    return this.run(async (redis, again) => {
      try {
        return await attempt(redis, again);
      } catch (error) {
        const verdict = verdictOn(error);
        throw verdict.kind === 'refused' && verdict.error.code === 'MR_REDIS_FULL' ? new Waiting('OOM') : error;
      }
    });
  }

  /** Ends the blocking command that is under way on `waiting`; it is then answered as if its time were over. */
  async unblock(waiting: Connection): Promise<void> {
    const id = waiting.#session?.id;
    if (id !== undefined) await this.run((redis) => redis.client('UNBLOCK', id));
  }

  /** Breaks off what is blocked on this connection and ends it. Safe twice. */
  close(): void {
    this.#closed = true;
    this.#redis.disconnect();
  }

  /** Then there is nothing to await: most commands find it so. */
  get #usable(): boolean {
    return this.#state === 'ready' && this.#redis.status === 'ready' && !this.#closed;
  }

  async #ready(): Promise<void> {
    if (this.#closed) throw new MarbleRunError('MR_CLOSED', 'the connection is closed');
    if (this.#redis.status === 'wait' || this.#redis.status === 'end') {
      this.#connecting = this.#redis.connect().finally(() => (this.#connecting = undefined));
    }
    await this.#connecting;
    if (this.#redis.status !== 'ready')
      throw (this.#lastError as Error | undefined) ?? new Error('Connection is closed.');
    this.#lastError = undefined;
    await (this.#checked ??= this.#check());
    this.#everReady = true;
    this.#state = 'ready';
  }

  /** Once per connect: may this Redis carry the run at all? */
  async #check(): Promise<void> {
    try {
      const [info, id] = await Promise.all([this.#redis.info('server', 'replication'), this.#redis.client('ID')]);
      const version = /redis_version:(\d+)\.(\d+)/.exec(info);
      if (version && Number(version[1]) < OLDEST_REDIS) {
        throw new MarbleRunError(
          'MR_REDIS_TOO_OLD',
          `redis: version ${version[1]}.${version[2]} at ${this.address}; 7.0 or newer is needed`,
        );
      }
      if (/role:slave/.test(info)) throw new Error('READONLY this server is a replica');
      await this.#endPredecessor({ server: /run_id:(\w+)/.exec(info)?.[1] ?? '', id });
      const layout = keysOf(this.#options.run).layout;
      const found =
        (await this.#redis.get(layout)) ??
        (await this.#redis.set(layout, LAYOUT_VERSION, 'NX', 'GET')) ??
        LAYOUT_VERSION;
      if (found !== LAYOUT_VERSION) {
        throw new MarbleRunError(
          'MR_LAYOUT',
          `run "${this.#options.run}" has layout ${found}; this version reads and writes layout ${LAYOUT_VERSION}`,
        );
      }
    } catch (error) {
      this.#checked = undefined;
      throw error;
    }
  }

  /**
   * What was sent on the connection before this one may still be on its way, or blocked in Redis, which may
   * not know yet that we are gone. It is ended there too, so that nothing of it runs after it is asked again.
   */
  async #endPredecessor(session: { server: string; id: number }): Promise<void> {
    const before = this.#session;
    if (before?.server === session.server && before.id !== session.id) {
      await this.#redis.client('KILL', 'ID', before.id);
    }
    this.#session = session;
  }

  /** A replica is final for a newcomer; to one that was connected it is a failover: leave, and connect again. */
  #judge(error: unknown): ReturnType<typeof verdictOn> {
    const verdict = this.#closed
      ? verdictOn(new MarbleRunError('MR_CLOSED', 'the connection is closed'))
      : verdictOn(error);
    if (verdict.kind === 'wait') this.#state = verdict.state;
    if (verdict.kind === 'refused' && verdict.error.code === 'MR_REDIS_READONLY' && this.#everReady) {
      this.#state = 'READONLY';
      this.#redis.disconnect(true);
      return { kind: 'wait', state: 'READONLY' };
    }
    return verdict;
  }

  #giveUpAfter(started: number, cause: unknown): void {
    const { connectTimeoutMs, retryTimeoutMs } = this.#options;
    const limit = this.#everReady ? retryTimeoutMs : connectTimeoutMs;
    if (limit === 0 || Date.now() - started < limit) return;
    throw new MarbleRunError(
      'MR_REDIS_UNAVAILABLE',
      `redis: no answer from ${this.address} for ${limit} ms (${this.#state})`,
      { cause },
    );
  }
}
