/**
 * Large data, as they should be: there for each marble that refers to them, wherever it is, and for no other.
 */
import assert from 'node:assert/strict';
import { keysOf } from '@marblerun/internal';
import type { Redis } from 'ioredis';
import type { RunModel } from './run-model.js';

/** The large data of a marble: they say whose they are. */
export function largeDataOf(id: string) {
  const data = `the data of ${id}`;
  return { name: `${id}data`, bytes: data.length, data };
}

/** True where the large data of a marble are there: it has not ended, and nobody has deleted them. */
export function hasData(run: RunModel, id: string): boolean {
  const all = [...run.alive(), ...run.dead.map(({ marble }) => marble)];
  return !run.withoutData.has(id) && all.some((marble) => marble.id === id);
}

/** The part of an envelope that says whose its data are, and where they lie. */
const REFERENCE = /(\S+) \d+ [0-9a-z]+ j[^\n]* D=(\S+)\/\d+/g;

interface Found {
  /** Data by name, of keys that would not go by themselves. */
  readonly lasting: Map<string, string | null>;
  /** Data by name, as their marbles should have them: a pair for each marble. */
  readonly expected: readonly (readonly [name: string, data: string])[];
}

/** The acts of somebody who deletes and adds data by hand. */
interface ByHand {
  readonly withoutData: ReadonlySet<string>;
  readonly nobodys: ReadonlyMap<string, number>;
}

/** Searches that give data a day to live where none of them has found their marble. */
const SEARCHES = 2;

/** Throws where data are missing, are not those of their marble, or would stay for ever without one. */
export async function compareLargeData(redis: Redis, run: string, byHand?: ByHand): Promise<void> {
  const { lasting, expected } = await findLargeData(redis, run, byHand?.withoutData);
  for (const [name, missed] of byHand?.nobodys ?? []) assert.equal(lasting.delete(name), missed < SEARCHES, name);
  assert.deepEqual(lasting, new Map(expected), `large data of run ${run}`);
  assert.equal(expected.length, new Map(expected).size, `each marble of run ${run} has data of its own`);
}

export async function findLargeData(redis: Redis, run: string, withoutData?: ReadonlySet<string>): Promise<Found> {
  const prefix = keysOf(run).data('');
  const keys = await redis.keys(`mr:{${run}}:*`);
  const lasting: [string, string | null][] = [];
  for (const key of keys.filter((one) => one.startsWith(prefix)))
    if ((await redis.ttl(key)) === -1) lasting.push([key.slice(prefix.length), await redis.get(key)]);
  const texts = await Promise.all(keys.map((key) => textOf(redis, key)));
  const expected = [...texts.join('\n').matchAll(REFERENCE)]
    .filter(([, id]) => !withoutData?.has(id!))
    .map(([, id, name]) => [name!, largeDataOf(id!).data] as const);
  return { lasting: new Map(lasting), expected };
}

/** Returns all that lies in lists, hashes and sorted sets, one entry a line. */
async function textOf(redis: Redis, key: string): Promise<string> {
  const type = await redis.type(key);
  if (type === 'list') return (await redis.lrange(key, 0, -1)).join('\n');
  if (type === 'zset') return (await redis.zrange(key, '0', '-1')).join('\n');
  return type === 'hash' ? (await redis.hvals(key)).join('\n') : '';
}
