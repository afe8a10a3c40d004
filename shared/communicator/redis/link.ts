/**
 * The way to one Redis. It is dialled when somebody asks for it and it is not there, and is used once it is found fit
 * to carry the run.
 *
 * Callers that do not block can share one link with all in this process that work on the same bus: a connection costs
 * Redis something, used or not. What may go wrong: the link is lost. Everybody who had a command on it then asks again
 * (`connection.ts`) on the one that is dialled next.
 */
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { MarbleRunError } from '../../errors.js';
import type { BusOptions } from './bus-options.js';
import { Dialer } from './dial.js';
import { warnOfEviction } from '../watch/eviction.js';
import { hello } from './hello.js';
import { LAYOUTS, LAYOUT_VERSION, keysOf } from './keys.js';
import { RetryLater, inWords, verdictOn, type Verdict } from './redis-errors.js';
import { parseRedis } from './redis-form.js';
import { WatchedClient, watchSilence } from './silence.js';
import { turnedAway } from './turned-away.js';
import { plainInstead, tlsInstead } from './wrong-protocol.js';

const OLDEST_REDIS = 7;
const FOR_EVER_MS = 2_147_483_647;

/**
 * How long a connection has no traffic before the system asks whether the other end is there. One that waits is then
 * cut seconds after its path breaks.
 */
const KEEP_ALIVE_MS = 10_000;

/**
 * How a server knows a connection. The address belongs to it, because ids start anew with a restart, and mean other
 * connections on another server.
 */
export interface Session {
  readonly id: string;
  readonly address: string;
}

/** Links that several users share, by the options that they were asked for with. */
const shared = new Map<string, Link>();

export class Link {
  /** `ready`, or what it waits for, in the words of Redis or the system. */
  state = 'not connected';
  /** Listeners that are told whenever a connection that was fit ends. */
  readonly whenCut = new Set<() => void>();
  /** The key that a shared link is found by, and how many users it has. */
  #key = '';
  #users = 0;
  /** Reasons for the process to go on: commands under way, and users who keep it alive without any. */
  #reasons = 0;
  readonly #dialer: Dialer;
  /** The latest client that was dialled, and whether it has been found fit. */
  #redis: Redis | undefined;
  #fit = false;
  /** The client that `drop` has ended. */
  #dropped: Redis | undefined;
  #opening: Promise<Redis> | undefined;
  #lastError: Error | undefined;
  /** How the server knows the latest client that was fit. */
  #session: Session | undefined;
  #ended = false;
  /** A timer that keeps the process alive in place of a connection that is gone and that nobody has asked for since. */
  #stand: NodeJS.Timeout | undefined;

  /** Takes `blockMs`, the longest block of a command. */
  constructor(
    private readonly options: Required<BusOptions>,
    private readonly blockMs = 0,
  ) {
    this.#dialer = new Dialer(parseRedis(options.redis));
  }

  /** Shares one link among all who ask for the same. Each calls `leave` once. It is for commands that do not block. */
  static shared(options: Required<BusOptions>, use = 'commands'): Link {
    const { redis, run, connectTimeoutMs, replyTimeoutMs } = options;
    const key = JSON.stringify([use, redis, run, connectTimeoutMs, replyTimeoutMs]);
    const link = shared.get(key) ?? new Link(options);
    shared.set(key, link);
    link.#key = key;
    link.#users++;
    return link;
  }

  /** The client to use now, if there is one. */
  get fit(): Redis | undefined {
    return this.#fit ? this.#redis : undefined;
  }

  /** True where the password comes from a file, and so may change soon. */
  get readsPassword(): boolean {
    return this.#dialer.readsPassword;
  }

  /** The id by which the server knows the latest client that was fit; empty before the first. */
  get clientId(): string {
    return this.#session?.id ?? '';
  }

  /** How the server knows the latest client that was fit. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** The address that this connects to, without the password. */
  get address(): string {
    return this.#dialer.address;
  }

  /** The server at the other end. Ids of clients belong to one server. */
  get server(): string {
    const { remoteAddress, remotePort } = (this.#redis?.stream ?? {}) as Partial<Socket>;
    return `${remoteAddress}:${remotePort}`;
  }

  /** Adds a reason for the process to go on. It does, until `rest` was called as often as `keep`. */
  keep(): void {
    if (this.#reasons++ === 0) (this.#redis?.stream as Partial<Socket> | undefined)?.ref?.();
    this.#standIn();
  }

  /** Removes a reason. With none left, a program that has nothing else to do ends. */
  rest(): void {
    if (--this.#reasons === 0) (this.#redis?.stream as Partial<Socket> | undefined)?.unref?.();
    this.#standIn();
  }

  /** Opens the link. Callers that come meanwhile share the outcome. Throws the reason why it cannot be used. */
  open(): Promise<Redis> {
    return (this.#opening ??= this.#open().finally(() => (this.#opening = undefined)));
  }

  /**
   * Removes a user; with the last one the link ends. `breakOff` ends what is under way now, for the other users too,
   * who ask again.
   */
  leave(breakOff: boolean): void {
    this.#ended = --this.#users <= 0;
    if (this.#ended) shared.delete(this.#key);
    if (this.#ended || breakOff) this.drop(this.#redis);
    this.#standIn();
  }

  /** Ends this client, if it is the latest that was dialled, so that it is dialled anew. */
  drop(redis: Redis | undefined): void {
    if (!redis || redis !== this.#redis || redis === this.#dropped) return;
    this.#dropped = redis; // each call of disconnect() would leave a timer and a listener
    this.#lost(redis);
    // On a stream that has closed, ioredis would wait two seconds for the close, and keep the process alive that long.
    if (!(redis.stream as Socket | undefined)?.closed) redis.disconnect();
  }

  /** Leaves a server that is not the right one, or no longer is. A command there has told so. */
  leaveNode(redis: Redis, verdict: Verdict): void {
    if (redis !== this.#redis || !this.#redial(verdict)) return;
    this.#lost(redis);
    redis.quit().catch(() => undefined); // other commands under way there are answered first
  }

  async #open(): Promise<Redis> {
    const redis = await this.#dial();
    if (this.#ended) throw new MarbleRunError('MR_CLOSED', 'the connection is closed');
    const refusal = turnedAway(redis);
    try {
      await this.#connect(redis);
      await turn(); // read a refusal before anything is written to a closed connection
      if (this.#lastError) throw this.#lastError; // ioredis goes on with database 0 where another is refused
      await this.#check(redis);
      if (this.#dialer.isCluster) await this.#dialer.learn(redis);
    } catch (cause) {
      this.drop(redis);
      const error = refusal() ?? (await this.#askedPlainly(cause)) ?? cause;
      this.#redial(verdictOn(error));
      throw error;
    }
    this.#fit = true;
    this.#standIn();
    this.state = 'ready';
    void warnOfEviction(redis, this.address);
    return redis;
  }

  async #connect(redis: Redis): Promise<void> {
    const connected = redis.connect().catch((error: unknown) => {
      throw this.#lastError ?? error; // for a refused user it says only "Connection is closed"
    });
    const { place, isTls } = this.#dialer;
    if (!place || !isTls || this.#session) return connected;
    const plain = plainInstead(place);
    await Promise.race([connected, plain.failed]).finally(plain.end);
  }

  /** Explains why the first connection was cut, where the reason is that the server speaks TLS. */
  async #askedPlainly(cause: unknown): Promise<MarbleRunError | undefined> {
    const { place, isTls } = this.#dialer;
    if (!place || isTls || this.#session || verdictOn(cause).kind !== 'cut') return undefined;
    return /ECONNREFUSED|ENO|EAI_|UNREACH|ETIMEDOUT/.test(this.state) ? undefined : tlsInstead(place);
  }

  async #dial(): Promise<Redis> {
    const redis = await this.#dialer.dial({
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      enableReadyCheck: false,
      disableClientInfo: true,
      connectTimeout: this.options.connectTimeoutMs,
      keepAlive: KEEP_ALIVE_MS,
    });
    const unwatch = watchSilence(new WatchedClient(redis), this.options.replyTimeoutMs, this.blockMs);
    for (const over of ['close', 'end']) redis.once(over, unwatch);
    this.#lastError = undefined;
    let sentinel: string | undefined;
    redis.on('sentinelError', (error: Error) => (sentinel = error.message));
    redis.on('error', (error) => {
      if (this.#redis !== redis) return;
      this.#lastError = error;
      this.state = sentinel ?? inWords(error);
    });
    redis.on('close', () => this.#lost(redis));
    return (this.#redis = redis);
  }

  #lost(redis: Redis): void {
    if (this.#redis !== redis) return;
    const wasFit = this.#fit;
    this.#fit = false;
    if (this.state === 'ready') this.state = 'disconnected';
    this.#standIn();
    if (wasFit) for (const tell of [...this.whenCut]) tell();
  }

  #standIn(): void {
    const isNeeded = this.#session !== undefined && !this.#fit && this.#reasons > 0 && !this.#ended;
    if (isNeeded) {
      this.#stand ??= setInterval(() => undefined, FOR_EVER_MS);
      return;
    }
    if (!this.#stand) return;
    clearInterval(this.#stand);
    this.#stand = undefined;
  }

  /** Checks, once per connect, whether this Redis may carry the run at all. */
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
      throw this.#dialer.isWatched ? new RetryLater(state) : new Error(state);
    }
    await this.#endPredecessor(redis, { id: server.id, address: /\baddr=(\S+)/.exec(about)?.[1] ?? '' });
    const { layout } = keysOf(this.options.run);
    const found = (await redis.get(layout)) ?? (await redis.set(layout, LAYOUT_VERSION, 'NX', 'GET')) ?? LAYOUT_VERSION;
    if (!LAYOUTS.includes(found)) {
      throw new MarbleRunError(
        'MR_LAYOUT',
        `run "${this.options.run}" has layout ${found}; this version reads and writes layout ${LAYOUTS.join(', ')}`,
      );
    }
  }

  /**
   * Ends the connection before this one at Redis too. Commands that were sent on it may still be on their way, or
   * blocked in Redis, which may not know yet that we are gone. None of them may run after it is asked again.
   */
  async #endPredecessor(redis: Redis, session: Session): Promise<void> {
    const before = this.#session;
    this.#session = session;
    if (before && before.id !== session.id) await redis.call('CLIENT', 'KILL', 'ID', before.id, 'ADDR', before.address);
  }

  /** Chooses another node of the cluster. True if it is to be connected to. */
  #redial(verdict: Verdict): boolean {
    if (!this.#dialer.isCluster) return false;
    if (verdict.kind === 'moved') this.#dialer.moved(verdict.to);
    else if (verdict.kind === 'cut' || (verdict.kind === 'wait' && verdict.state === 'CLUSTERDOWN'))
      this.#dialer.failed();
    else return false;
    return true;
  }
}
