/**
 * Runs commands on the bus that heal: they wait while Redis is away, and are asked again.
 *
 * ioredis neither queues, resends nor reconnects here. Only this file knows which command may be asked again and must
 * then say so, and only `dial.ts` knows where to connect. What may go wrong: Redis is away. Before the first success
 * that is an error after `connectTimeoutMs`. Afterwards a command waits as long as it takes, or until `retryTimeoutMs`
 * has passed and the caller is told MR_REDIS_UNAVAILABLE. Both times count from when Redis was found to be away,
 * however long a command waited in good health before that.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { MarbleRunError, type ErrorCode } from '../../errors.js';
import { LINK_DEFAULTS, type LinkOptions } from './bus-options.js';
import { BusyPoll } from './busy-poll.js';
import { DataSocket, type Wanted } from './data-socket.js';
import { withKeys } from './failed-command.js';
import { keysOf } from './keys.js';
import { Link, type Session } from './link.js';
import { RetryLater, verdictOn, type Verdict } from './redis-errors.js';
import { mustBeAllowed, type Part } from './rights.js';

/**
 * Refusals that pass by themselves once a connection has worked: they come from a failover, or from files being
 * renewed.
 */
const PASSES = new Set<ErrorCode>(['MR_REDIS_READONLY', 'MR_REDIS_TLS', 'MR_BAD_OPTION']);

export type { Session };

/**
 * The pause after a refusal on a connection that only waits. Without it, its owner would ask a thousand times a second.
 */
const REFUSED_PAUSE_MS = 1000;
const PERSISTS = new Set<ErrorCode>(['MR_REDIS_AUTH', 'MR_REDIS_REPLY', 'MR_REDIS_WRONG_TYPE']);

export class Connection {
  readonly #options: Required<LinkOptions>;
  readonly #link: Link;
  /** For a connection on which no command blocks. */
  readonly #busyPoll: BusyPoll | undefined;
  #everReady = false;
  #closed = false;
  #underWay = 0;
  #keeps = false;
  readonly #whenCut = new Set<() => void>();

  private constructor(
    options: LinkOptions,
    linkTo: (options: Required<LinkOptions>) => Link,
    private readonly onlyWaits = false,
  ) {
    this.#options = { ...LINK_DEFAULTS, ...options };
    this.#link = linkTo(this.#options);
    this.#busyPoll = this.#options.busyPoll && !onlyWaits ? new BusyPoll() : undefined;
  }

  /**
   * Opens a session of its own. `blockMs` is the longest block of a command, for a connection that only waits. When
   * idle, it lets the process end.
   */
  static own(options: LinkOptions, blockMs = 0): Connection {
    return new Connection(options, (all) => new Link(all, blockMs), blockMs > 0);
  }

  /**
   * Shares one connection with all others in this process that ask for the same bus. No command on it may block. When
   * idle, it lets the process end. Each `use` has a connection of its own.
   */
  static shared(options: LinkOptions, use = 'commands'): Connection {
    return new Connection(options, (all) => Link.shared(all, use));
  }

  /** `ready`, or what the connection waits for, in the words of Redis or the system. */
  get state(): string {
    return this.#link.state;
  }

  /** The id by which the server knows the latest usable connection; empty before the first. */
  get clientId(): string {
    return this.#link.clientId;
  }

  /** How the server knows the latest usable connection; undefined before the first. */
  get session(): Session | undefined {
    return this.#link.session;
  }

  /** The address that this connects to, without the password. */
  get address(): string {
    return this.#link.address;
  }

  /**
   * True while a command is under way on a usable connection. It then gets on, however slowly, or `silence.ts` would
   * end it.
   */
  get getsOn(): boolean {
    return this.#underWay > 0 && this.#link.fit !== undefined;
  }

  /** Calls `listener` whenever a fit connection ends, whoever has ended it, until this is closed. Safe twice. */
  whenCut(listener: () => void): void {
    this.#whenCut.add(listener);
    this.#link.whenCut.add(listener);
  }

  /** Keeps the process alive until this is closed, even with nothing under way. */
  keepProcess(): void {
    if (this.#keeps || this.#closed) return;
    this.#keeps = true;
    this.#link.keep();
  }

  /**
   * Runs a command until it is answered. `attempt` is told whether an earlier try may have been done. Throws a
   * MarbleRunError: what Redis refused, MR_REDIS_UNAVAILABLE, or MR_CLOSED. One that is patient also waits while Redis is
   * full.
   */
  async run<T>(attempt: (redis: Redis, again: boolean) => Promise<T>, isPatient = false): Promise<T> {
    let again = false;
    let away: number | undefined; // since when Redis is away
    this.#underWay++;
    this.#link.keep();
    try {
      for (let tries = 1; ; tries++) {
        let redis: Redis | undefined;
        const began = Date.now();
        try {
          redis = (this.#closed ? undefined : this.#link.fit) ?? (await this.#open(away ?? began));
          const reply = await this.#ask(redis, again, attempt);
          if (tries > 1 && this.#link.fit) this.#link.state = 'ready'; // what it waited for is over
          return reply;
        } catch (error) {
          this.#everReady ||= redis !== undefined;
          const verdict = this.#judge(isPatient ? waitWhereFull(error) : error, redis);
          if (verdict.kind === 'refused') await this.#refuse(await withKeys(verdict.error, redis));
          again ||= verdict.kind === 'cut' && redis !== undefined;
          away ??= redis ? Date.now() : began;
          const leftMs = this.#leftMs(away);
          if (leftMs <= 0) throw this.#unavailable(error);
          if (verdict.kind !== 'moved' || tries > 1)
            await sleep(Math.min(pauseMs(tries, this.#options.mostPauseMs), leftMs));
        }
      }
    } finally {
      this.#underWay--;
      this.#link.rest();
    }
  }

  /**
   * Writes commands on whose success nothing depends, where there is a usable connection. Returns false where there is
   * none. What Redis refuses here is for a later command to find out.
   */
  tryNow(write: (redis: Redis) => Promise<unknown>): boolean {
    const redis = this.#closed ? undefined : this.#link.fit;
    if (!redis) return false;
    const written = async () => write(redis);
    void written().catch(() => undefined);
    return true;
  }

  #ask<T>(redis: Redis, again: boolean, attempt: (redis: Redis, again: boolean) => Promise<T>): Promise<T> {
    return this.#busyPoll?.during(() => attempt(redis, again)) ?? attempt(redis, again);
  }

  /**
   * Throws MR_REDIS_AUTH where its user may not do what a part of MarbleRun needs. The error lists all that is missing.
   */
  async mustBeAllowed(part: Part): Promise<void> {
    await this.run((redis) => mustBeAllowed(redis, part, keysOf(this.#options.run)));
  }

  /**
   * Runs a command like `run`, but also waits while Redis is full. It is for work that is done already and must not be
   * dropped.
   */
  patient<T>(attempt: (redis: Redis, again: boolean) => Promise<T>): Promise<T> {
    return this.run(attempt, true);
  }

  /**
   * Reads a large value. It comes on a socket beside the connection, and so holds up none of its commands. Returns
   * undefined where there is none, or something of another type.
   */
  read<T>(wanted: Wanted<T>): Promise<T | undefined> {
    return this.run((redis) => DataSocket.beside(redis, this.#options.replyTimeoutMs).get(wanted));
  }

  /** Ends the blocking command that is under way on `waiting`. Redis then answers it as if its time were over. */
  async unblock(waiting: Connection): Promise<void> {
    await this.run(async (redis) => {
      const { fit, clientId, server } = waiting.#link;
      // Client ids belong to one server: after a failover, or on another node, this one would be somebody else's.
      if (fit && server === this.#link.server) await redis.client('UNBLOCK', Number(clientId));
    });
  }

  /**
   * Ends the connection of a session, which may have ended already. Nothing that was sent on it happens after this
   * returns.
   */
  async end({ id, address }: Session): Promise<void> {
    await this.run((redis) => redis.call('CLIENT', 'KILL', 'ID', id, 'ADDR', address));
  }

  /** Breaks off what is under way on this connection and ends it. Safe twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#keeps) this.#link.rest();
    for (const listener of this.#whenCut) this.#link.whenCut.delete(listener);
    this.#link.leave(this.#underWay > 0);
  }

  /**
   * Waits for the link no longer than the time that is left: a server that takes connections and says nothing would
   * hold it up.
   */
  async #open(away: number): Promise<Redis> {
    this.#mustBeOpen();
    const redis = await inTime(this.#link.open(), this.#leftMs(away), () => new RetryLater(this.state));
    this.#mustBeOpen();
    this.#everReady = true;
    return redis;
  }

  #mustBeOpen(): void {
    if (this.#closed) throw closed();
  }

  /** Decides what the error means here. A server that is not the right one, or no longer is, is left. */
  #judge(error: unknown, redis: Redis | undefined): Verdict {
    const link = this.#link;
    const verdict = verdictOn(this.#closed ? closed() : error);
    if (verdict.kind === 'wait') link.state = verdict.state;
    if (redis) link.leaveNode(redis, verdict);
    if (verdict.kind !== 'refused' || !this.#everReady) return verdict;
    if (!PASSES.has(verdict.error.code) && !(redis === undefined && this.#isPasswordOnItsWay(verdict.error)))
      return verdict;
    link.state = verdict.error.message;
    if (redis) link.drop(redis);
    return { kind: 'wait', state: link.state };
  }

  /** True for a password that may be on its way: it is renewed at Redis and in a file, one after the other. */
  #isPasswordOnItsWay({ code, message }: MarbleRunError): boolean {
    return code === 'MR_REDIS_AUTH' && this.#link.readsPassword && /WRONGPASS|NOAUTH/.test(message);
  }

  async #refuse(error: MarbleRunError): Promise<never> {
    if (this.onlyWaits && PERSISTS.has(error.code)) await sleep(REFUSED_PAUSE_MS);
    throw error;
  }

  /** How long a command may keep trying where Redis has been away since `away`. */
  #leftMs(away: number): number {
    return this.#limitMs === 0 ? Infinity : this.#limitMs - (Date.now() - away);
  }

  get #limitMs(): number {
    return this.#everReady ? this.#options.retryTimeoutMs : this.#options.connectTimeoutMs;
  }

  #unavailable(cause: unknown): MarbleRunError {
    const message = `redis: no answer from ${this.address} for ${this.#limitMs} ms (${this.state})`;
    return new MarbleRunError('MR_REDIS_UNAVAILABLE', message, { cause });
  }
}

async function inTime<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  if (ms === Infinity) return promise;
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(late()), ms)));
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}

function waitWhereFull(error: unknown): unknown {
  const verdict = verdictOn(error);
  return verdict.kind === 'refused' && verdict.error.code === 'MR_REDIS_FULL' ? new RetryLater('OOM') : error;
}

export function closed(): MarbleRunError {
  return new MarbleRunError('MR_CLOSED', 'the connection is closed');
}

/**
 * The pause before the next try. It grows with each try, and varies so that those who wait for one Redis do not all ask
 * at once.
 */
function pauseMs(tries: number, mostMs: number): number {
  return Math.min(10 * 2 ** tries, mostMs) * (0.75 + Math.random() / 2);
}
