/**
 * One connection to the bus that heals: commands wait while Redis is away and are asked again.
 *
 * ioredis neither queues, resends nor reconnects here, because only this file knows which command
 * may be asked again and must then say so, and only `dial.ts` knows where to. What may go wrong:
 * before the first success Redis being away is an error after `connectTimeoutMs`; afterwards a
 * command waits as long as it takes, or `retryTimeoutMs`, and the caller is told MR_REDIS_UNAVAILABLE.
 */
import type { Socket } from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { MarbleRunError, type ErrorCode } from '../errors.js';
import { Dialer } from './dial.js';
import { LAYOUT_VERSION, keysOf } from './keys.js';
import { Waiting, verdictOn, type Verdict } from './redis-errors.js';
import { parseRedis, type RedisForm } from './redis-form.js';
import { defineScripts } from './scripts.js';
import { turnedAway } from './turned-away.js';

export interface BusOptions {
  /** A URL (`redis://`, `rediss://`, or the path of a Unix socket), or the long form (docs/REDIS.md). Default `redis://localhost:6379`. */
  readonly redis?: string | RedisForm;
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

/** After so long without traffic the system asks whether the other end is there: seconds after a path breaks, also one that waits is cut. */
const KEEP_ALIVE_MS = 10_000;

/** What HELLO says of a server; allowed to every user, so that the least rights are enough. */
interface Server {
  readonly id: string;
  readonly version: string;
  readonly role: string;
}

/** Refusals that pass by themselves for one that was connected: a failover, or files that are being renewed. */
const PASSES = new Set<ErrorCode>(['MR_REDIS_READONLY', 'MR_REDIS_TLS', 'MR_BAD_OPTION']);

export class Connection {
  readonly #options: Required<BusOptions>;
  readonly #dialer: Dialer;
  /** The latest that was dialled, and whether it has been found fit to carry the run. */
  #redis: Redis | undefined;
  #fit = false;
  #opening: Promise<Redis> | undefined;
  #lastError: Error | undefined;
  /** As what the latest that was fit is known to its server. */
  #session: { id: string; address: string } | undefined;
  #everReady = false;
  #closed = false;
  #state = 'not connected';

  /** `blockMs`: the longest block of a command on this connection, for one that only waits. */
  constructor(
    options: BusOptions,
    private readonly blockMs = 0,
  ) {
    this.#options = { ...BUS_DEFAULTS, ...options };
    this.#dialer = new Dialer(parseRedis(this.#options.redis));
  }

  /** `ready`, or what it waits for, in the words of Redis or the system. */
  get state(): string {
    return this.#state;
  }

  /** By which its server knows the latest that was fit; empty before that. */
  get clientId(): string {
    return this.#session?.id ?? '';
  }

  /** Where this connects to, without the password. */
  get address(): string {
    return this.#dialer.address;
  }

  /**
   * Runs a command until it is answered. `attempt` is told whether an earlier try may have been done.
   * Throws a MarbleRunError: what Redis refused, MR_REDIS_UNAVAILABLE, or MR_CLOSED.
   */
  async run<T>(attempt: (redis: Redis, again: boolean) => Promise<T>): Promise<T> {
    let again = false;
    const started = Date.now();
    for (let tries = 1; ; tries++) {
      let redis: Redis | undefined;
      try {
        redis = this.#fit ? this.#redis! : await this.#ready();
        const reply = await attempt(redis, again);
        if (tries > 1 && this.#fit) this.#state = 'ready'; // what it waited for is over
        return reply;
      } catch (error) {
        const verdict = this.#judge(error, redis);
        if (verdict.kind === 'refused') throw verdict.error;
        again ||= verdict.kind === 'cut' && redis !== undefined;
        this.#giveUpAfter(started, error);
        if (verdict.kind !== 'moved' || tries > 1) await sleep(pauseMs(tries));
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
    await this.run(async (redis) => {
      const id = waiting.#fit ? waiting.#session?.id : undefined;
      // Ids are of one server: after a failover or on another node it would be somebody else's.
      if (id !== undefined && serverOf(redis) === serverOf(waiting.#redis)) await redis.client('UNBLOCK', Number(id));
    });
  }

  /** Breaks off what is blocked on this connection and ends it. Safe twice. */
  close(): void {
    this.#closed = true;
    this.#drop(this.#redis);
  }

  /** Callers that come while it is opened share what comes of it. */
  #ready(): Promise<Redis> {
    if (this.#closed) return Promise.reject(new MarbleRunError('MR_CLOSED', 'the connection is closed'));
    return (this.#opening ??= this.#open().finally(() => (this.#opening = undefined)));
  }

  async #open(): Promise<Redis> {
    const redis = await this.#dial();
    if (this.#closed) throw new MarbleRunError('MR_CLOSED', 'the connection is closed');
    const refusal = turnedAway(redis);
    try {
      await redis.connect().catch((error: unknown) => {
        throw this.#lastError ?? error; // of a refused user it says only "Connection is closed"
      });
      await turn(); // a refusal is read before anything is written to a closed connection
      if (this.#lastError) throw this.#lastError; // ioredis goes on with database 0 where it may not select another
      await this.#check(redis);
      if (this.#dialer.isCluster) await this.#dialer.learn(redis);
    } catch (cause) {
      const error = refusal() ?? cause;
      this.#drop(redis);
      this.#redial(verdictOn(error));
      throw error;
    }
    this.#fit = this.#everReady = true;
    this.#state = 'ready';
    return redis;
  }

  async #dial(): Promise<Redis> {
    const redis = await this.#dialer.dial({
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      enableReadyCheck: false,
      disableClientInfo: true,
      connectTimeout: this.#options.connectTimeoutMs,
      keepAlive: KEEP_ALIVE_MS,
      socketTimeout: this.blockMs + this.#options.replyTimeoutMs,
    });
    defineScripts(redis);
    this.#lastError = undefined;
    let sentinel: string | undefined;
    redis.on('sentinelError', (error: Error) => (sentinel = error.message));
    redis.on('error', (error) => {
      if (this.#redis !== redis) return;
      this.#lastError = error;
      this.#state = sentinel ?? error.message;
    });
    redis.on('close', () => this.#lost(redis));
    return (this.#redis = redis);
  }

  #lost(redis: Redis): void {
    if (this.#redis !== redis) return;
    this.#fit = false;
    if (this.#state === 'ready') this.#state = 'disconnected';
  }

  #drop(redis: Redis | undefined): void {
    if (!redis) return;
    this.#lost(redis);
    // Of a stream that has closed, ioredis would wait two seconds for the close, and keep the process alive so long.
    if (!(redis.stream as Socket | undefined)?.closed) redis.disconnect();
  }

  /** Once per connect: may this Redis carry the run at all? */
  async #check(redis: Redis): Promise<void> {
    const [server, about] = await Promise.all([hello(redis), redis.client('INFO')]);
    if (parseInt(server.version, 10) < OLDEST_REDIS) {
      throw new MarbleRunError(
        'MR_REDIS_TOO_OLD',
        `redis: version ${server.version} at ${this.address}; 7.0 or newer is needed`,
      );
    }
    if (server.role !== 'master' && !this.#dialer.isCluster) {
      const state = `READONLY ${this.address} is a ${server.role}`;
      throw this.#dialer.isWatched ? new Waiting(state) : new Error(state);
    }
    await this.#endPredecessor(redis, { id: server.id, address: /\baddr=(\S+)/.exec(about)?.[1] ?? '' });
    const { layout } = keysOf(this.#options.run);
    const found = (await redis.get(layout)) ?? (await redis.set(layout, LAYOUT_VERSION, 'NX', 'GET')) ?? LAYOUT_VERSION;
    if (found !== LAYOUT_VERSION) {
      throw new MarbleRunError(
        'MR_LAYOUT',
        `run "${this.#options.run}" has layout ${found}; this version reads and writes layout ${LAYOUT_VERSION}`,
      );
    }
  }

  /**
   * What was sent on the connection before this one may still be on its way, or blocked in Redis, which may
   * not know yet that we are gone. It is ended there too, so that nothing of it runs after it is asked again.
   * The address is named because ids begin anew with a restart, and are others on another server.
   */
  async #endPredecessor(redis: Redis, session: { id: string; address: string }): Promise<void> {
    const before = this.#session;
    this.#session = session;
    if (before && before.id !== session.id) await redis.call('CLIENT', 'KILL', 'ID', before.id, 'ADDR', before.address);
  }

  /** What the error means here. A server that is not the right one (any more) is left. */
  #judge(error: unknown, redis: Redis | undefined): Verdict {
    const verdict = this.#closed
      ? verdictOn(new MarbleRunError('MR_CLOSED', 'the connection is closed'))
      : verdictOn(error);
    if (verdict.kind === 'wait') this.#state = verdict.state;
    if (redis !== undefined && redis === this.#redis && this.#redial(verdict)) {
      this.#lost(redis);
      redis.quit().catch(() => undefined); // what else is under way there is answered first
    }
    if (verdict.kind !== 'refused' || !this.#everReady || !PASSES.has(verdict.error.code)) return verdict;
    this.#state = verdict.error.message;
    if (redis === this.#redis) this.#drop(redis);
    return { kind: 'wait', state: this.#state };
  }

  /** True if another node of the cluster is to be connected to. */
  #redial(verdict: Verdict): boolean {
    if (!this.#dialer.isCluster) return false;
    if (verdict.kind === 'moved') this.#dialer.moved(verdict.to);
    else if (verdict.kind === 'cut' || (verdict.kind === 'wait' && verdict.state === 'CLUSTERDOWN'))
      this.#dialer.failed();
    else return false;
    return true;
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

async function hello(redis: Redis): Promise<Server> {
  const reply = (await redis.call('HELLO')) as unknown[] | Record<string, unknown>;
  const pairs = Array.isArray(reply) ? Object.fromEntries(chunked(reply)) : reply;
  return { id: String(pairs['id']), version: String(pairs['version']), role: String(pairs['role']) };
}

function chunked(list: unknown[]): [string, unknown][] {
  return list.flatMap((item, i) => (i % 2 === 0 ? [[String(item), list[i + 1]] as [string, unknown]] : []));
}

function serverOf(redis: Redis | undefined): string {
  const { remoteAddress, remotePort } = (redis?.stream ?? {}) as Partial<Socket>;
  return `${remoteAddress}:${remotePort}`;
}

/** Longer with each try, and not the same for all who wait for one Redis. */
function pauseMs(tries: number): number {
  return Math.min(10 * 2 ** tries, 1000) * (0.75 + Math.random() / 2);
}
