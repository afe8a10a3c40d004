/**
 * Finds hearts whose connections are gone from Redis, and ends the leases of their holders: when a process dies its
 * sockets close, long before its lease passes.
 *
 * Everything is noted on the bus, so any Monitor goes on with what another began, and every step looks again before it
 * acts. A connection counts as gone only on a server where a Monitor has seen it: not after a restart or a failover, and
 * not behind a proxy that shows other connections than those of the clients. What may go wrong: this user may not ask
 * (CLIENT LIST, INFO), or this server has no such answer. It then throws MR_REDIS_AUTH or MR_REDIS_REPLY, and leases
 * pass as ever.
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
  /** Ms until a heart that is gone has been gone for too long; undefined where none is gone. */
  readonly nextInMs: number | undefined;
}

/** A heart as it was read. */
interface Noted {
  readonly heart: string;
  /** Its id and address; empty where what was read is no heart. */
  readonly connection: string;
  readonly server: string;
  readonly isMarked: boolean;
}

type State = 'there' | 'gone' | 'over';

interface Portion {
  readonly server: string;
  readonly next: string;
  readonly noted: readonly Noted[];
  readonly there: ReadonlySet<string>;
  /** Ms until a heart that is gone has been gone for too long. */
  readonly left: ReadonlyMap<Noted, number>;
}

/** Hearts that are asked for at a time: Redis writes some 300 bytes for each. */
const PORTION = 500;
/**
 * The age at which a note that no look has confirmed is removed. A process that ended while its server was away is in
 * nobody's list, and its note would stay. A process that lives notes itself again.
 */
const KEEP_MS = 3_600_000;

const servers = new WeakMap<Redis, Promise<string>>();

export class GoneConnections {
  /** @internal */
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  async look(): Promise<GoneLook> {
    let [watched, unwatched, lapsed] = [0, 0, 0];
    let nextInMs: number | undefined;
    for (let cursor = '0'; ;) {
      const { server, next, noted, there, left } = await this.#portion(cursor);
      for (const one of noted) {
        if (there.has(one.connection) || one.server === server) watched++;
        else unwatched++;
      }
      const over = [...left].filter(([, ms]) => ms === 0).map(([one]) => one);
      if (over.length > 0) lapsed += await this.#lapse(server, over);
      for (const ms of left.values()) if (ms > 0) nextInMs = Math.min(ms, nextInMs ?? ms);
      if (next === '0') return { watched, unwatched, lapsed, nextInMs };
      cursor = next;
    }
  }

  /** Looks at some of the hearts, on one connection, so that all of it is said of one server. */
  #portion(cursor: string): Promise<Portion> {
    return this.connection.run(async (redis) => {
      const [next, fields] = await redis.hscan(this.keys.hearts, cursor, 'COUNT', PORTION);
      const noted = readNotes(fields);
      if (noted.length === 0)
        return { server: '', next, noted, there: new Set<string>(), left: new Map<Noted, number>() };
      const server = await serverOf(redis);
      const there = await connectionsOf(redis, noted);
      const changed = noted.filter((one) => isNews(one, there.has(one.connection), server));
      const state = (one: Noted): State => (there.has(one.connection) ? 'there' : 'gone');
      const left = await this.#note(redis, server, changed, state);
      return {
        server,
        next,
        noted,
        there,
        left: new Map(changed.map((one, i) => [one, left[i]!] as const).filter(([, ms]) => ms >= 0)),
      };
    });
  }

  /**
   * Ends the leases of the holders of these hearts. The hearts stay noted until each of their holders has been looked
   * at.
   */
  async #lapse(server: string, over: readonly Noted[]): Promise<number> {
    let lapsed = 0;
    // A holder whose process is gone does not beat, so its date stays and it is not passed over.
    for await (const holders of stepsOf(this.connection, this.keys.holders)) {
      const call = { args: { server }, moreKeys: holders.map(this.keys.holder), moreArgs: holders };
      lapsed += await this.connection.run((redis) => callScript(redis, this.keys, 'lapse', call));
    }
    await this.connection.run((redis) => this.#note(redis, server, over, () => 'over'));
    return lapsed;
  }

  async #note(redis: Redis, server: string, some: readonly Noted[], state: (one: Noted) => State): Promise<number[]> {
    if (some.length === 0) return [];
    const moreArgs = some.flatMap((one) => [one.heart, one.connection, state(one)]);
    return callScript(redis, this.keys, 'gone', { args: { server, keepMs: KEEP_MS }, moreArgs });
  }
}

/** False for most hearts, which are there as they were at the last look: nothing is written for them. */
function isNews({ server, isMarked }: Noted, isThere: boolean, asked: string): boolean {
  return !isThere || server !== asked || isMarked;
}

function readNotes(fields: readonly string[]): Noted[] {
  const noted: Noted[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const [id = '', address = '', , , server = '', , lookedAt] = fields[i + 1]!.split(' ');
    const connection = /^\d+$/.test(id) && lookedAt !== undefined ? `${id} ${address}` : '';
    noted.push({ heart: fields[i]!, connection, server, isMarked: lookedAt !== '0' });
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
