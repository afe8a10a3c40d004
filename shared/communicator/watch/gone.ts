/**
 * Finds hearts whose connections are gone from Redis, and ends the leases of their holders: when a process dies its
 * sockets close, long before its lease passes.
 *
 * Everything is noted on the bus, so any Monitor goes on with what another began, and every step looks again before it
 * acts. A connection counts as gone only on a server where a Monitor has seen it: not after a restart or a failover, and
 * not behind a proxy that shows other connections than those of the clients. A Docker engine may tell that a container
 * has ended. That proves nothing: it only shortens how long the connections of its processes may be gone. What may go
 * wrong: this user may not ask (CLIENT LIST, INFO), or this server has no such answer. It then throws MR_REDIS_AUTH or
 * MR_REDIS_REPLY, and leases pass as ever.
 */
import type { Redis } from 'ioredis';
import { MarbleRunError } from '../../errors.js';
import type { Connection } from '../redis/connection.js';
import type { RunKeys } from '../redis/keys.js';
import { stepsOf } from './registry.js';
import { callScript } from '../redis/scripts.js';

export interface GoneLook {
  /** Hearts whose connections this server is known to show. */
  readonly watched: number;
  /** Hearts of which that is not known: for their holders the lease alone tells. */
  readonly unwatched: number;
  /** Leases that were ended. */
  readonly lapsed: number;
  /** Hearts in containers that have ended, whose connections are there, or have not been gone for long enough. */
  readonly pending: number;
  /** Ms until a heart that is gone has been gone for too long; undefined where none is gone. */
  readonly nextInMs: number | undefined;
}

export interface EndedContainers {
  /** The ids of containers that an engine says have ended. */
  readonly containers: readonly string[];
  /** The time that the connections of their processes may be gone. */
  readonly mayBeGoneMs: number;
}

/** A heart as it was read. */
interface Noted {
  readonly heart: string;
  /** Its id and address; empty where what was read is no heart. */
  readonly connection: string;
  readonly server: string;
  readonly isMarked: boolean;
  /** False where it may be gone for ever: it is watched only for the sake of its container. */
  readonly isBounded: boolean;
  /** The container that its process is in; empty where it is in none. */
  readonly container: string;
}

type State = 'there' | 'gone' | 'ended' | 'over';

interface Portion {
  readonly server: string;
  readonly next: string;
  readonly noted: readonly Noted[];
  readonly state: (one: Noted) => State;
  /** Ms until a heart that is gone has been gone for too long. */
  readonly left: ReadonlyMap<Noted, number>;
}

/** A server, what it shows of each heart, and what an engine says. */
interface Sight extends Pick<Portion, 'server' | 'state'> {
  readonly ended: EndedContainers;
}

/** Hearts that are asked for at a time: Redis writes some 300 bytes for each. */
const PORTION = 500;
/**
 * The age at which a note that no look has confirmed is removed. A process that ended while its server was away is in
 * nobody's list, and its note would stay. A process that lives notes itself again.
 */
const KEEP_MS = 3_600_000;

const NONE_ENDED: EndedContainers = { containers: [], mayBeGoneMs: 0 };

const servers = new WeakMap<Redis, Promise<string>>();

export class GoneConnections {
  /** @internal */
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  /** Looks at all hearts once. `ended` tells of containers that an engine says have ended. */
  async look(ended: EndedContainers = NONE_ENDED): Promise<GoneLook> {
    let [watched, unwatched, lapsed, pending] = [0, 0, 0, 0];
    let nextInMs: number | undefined;
    for (let cursor = '0'; ;) {
      const { server, next, noted, state, left } = await this.#portion(cursor, ended);
      for (const one of noted) {
        if (!one.isBounded) continue;
        if (state(one) === 'there' || one.server === server) watched++;
        else unwatched++;
      }
      const over = [...left].filter(([, ms]) => ms === 0).map(([one]) => one);
      if (over.length > 0) lapsed += await this.#lapse({ server, state, ended }, over);
      for (const ms of left.values()) if (ms > 0) nextInMs = Math.min(ms, nextInMs ?? ms);
      pending += noted.filter((one) => hasEnded(one, ended) && left.get(one) !== 0).length;
      if (next === '0') return { watched, unwatched, lapsed, pending, nextInMs };
      cursor = next;
    }
  }

  /** Looks at some of the hearts, on one connection, so that all of it is said of one server. */
  #portion(cursor: string, ended: EndedContainers): Promise<Portion> {
    return this.connection.run(async (redis) => {
      const [next, fields] = await redis.hscan(this.keys.hearts, cursor, 'COUNT', PORTION);
      const noted = readNotes(fields);
      if (noted.length === 0) return { server: '', next, noted, state: () => 'gone', left: new Map<Noted, number>() };
      const server = await serverOf(redis);
      const there = await connectionsOf(redis, noted);
      const state = (one: Noted): State => {
        if (there.has(one.connection)) return 'there';
        return hasEnded(one, ended) ? 'ended' : 'gone';
      };
      const changed = noted.filter((one) => isNews(one, state(one), server));
      const ms = await this.#note(redis, { server, state, ended }, changed);
      const left = changed.map((one, i) => [one, ms[i]!] as const).filter(([, ms]) => ms >= 0);
      return { server, next, noted, state, left: new Map(left) };
    });
  }

  /**
   * Ends the leases of the holders of these hearts. The hearts stay noted until each of their holders has been looked
   * at.
   */
  async #lapse(sight: Sight, over: readonly Noted[]): Promise<number> {
    let lapsed = 0;
    const by = (one: Noted) => (sight.state(one) === 'ended' ? 'docker' : 'connection');
    const hearts = over.flatMap((one) => [one.heart, one.connection, by(one)]);
    // A holder whose process is gone does not beat, so its date stays and it is not passed over.
    for await (const holders of stepsOf(this.connection, this.keys.holders)) {
      const args = { server: sight.server, endedMs: sight.ended.mayBeGoneMs, hearts: over.length };
      const call = { args, moreKeys: holders.map(this.keys.holder), moreArgs: [...hearts, ...holders] };
      lapsed += await this.connection.run((redis) => callScript(redis, this.keys, 'lapse', call));
    }
    await this.connection.run((redis) => this.#note(redis, { ...sight, state: () => 'over' }, over));
    return lapsed;
  }

  async #note(redis: Redis, { server, state, ended }: Sight, some: readonly Noted[]): Promise<number[]> {
    if (some.length === 0) return [];
    const moreArgs = some.flatMap((one) => [one.heart, one.connection, state(one)]);
    const args = { server, keepMs: KEEP_MS, endedMs: ended.mayBeGoneMs };
    return callScript(redis, this.keys, 'gone', { args, moreArgs });
  }
}

/** A process that found only the first digits of its container's id (its host name) has noted these. */
function hasEnded({ container }: Noted, { containers }: EndedContainers): boolean {
  return container !== '' && containers.some((id) => id.startsWith(container));
}

/** False for most hearts, which are there as they were at the last look: nothing is written for them. */
function isNews({ server, isMarked }: Noted, state: State, asked: string): boolean {
  return state !== 'there' || server !== asked || isMarked;
}

function readNotes(fields: readonly string[]): Noted[] {
  const noted: Noted[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const [id = '', address = '', goneMs, , server = '', , lookedAt, container] = fields[i + 1]!.split(' ');
    const connection = /^\d+$/.test(id) && container !== undefined ? `${id} ${address}` : '';
    noted.push({
      ...{ heart: fields[i]!, connection, server, isMarked: lookedAt !== '0', isBounded: goneMs !== '0' },
      container: container === '-' ? '' : (container ?? ''),
    });
  }
  return noted;
}

/** Returns connections that this server knows, as `<id> <address>`: an id alone may be somebody else's by now. */
async function connectionsOf(redis: Redis, noted: readonly Noted[]): Promise<Set<string>> {
  const ids = noted.flatMap(({ connection }) => (connection === '' ? [] : [connection.split(' ', 1)[0]!]));
  if (ids.length === 0) return new Set();
  const list = String(await redis.call('CLIENT', 'LIST', 'ID', ...ids));
  return new Set([...list.matchAll(/^id=(\d+) addr=(\S+)/gm)].map(([, id, address]) => `${id} ${address}`));
}

/** Returns the `run_id`, which is new with each start of a server. It does not change while a connection stands. */
function serverOf(redis: Redis): Promise<string> {
  const known = servers.get(redis) ?? redis.info('server').then(readServer);
  servers.set(redis, known);
  known.catch(() => servers.delete(redis));
  return known;
}

function readServer(info: string): string {
  const [, id] = /^run_id:(\w+)/m.exec(info) ?? [];
  if (id === undefined) throw new MarbleRunError('MR_REDIS_REPLY', 'redis: INFO does not tell which server this is');
  return id;
}
