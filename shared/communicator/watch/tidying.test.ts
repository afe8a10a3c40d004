/**
 * Chores of a Monitor beside the sweep: promoting, forgetting, searching. The cost of each to Redis is bounded.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { RedisServer, freshBus } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Communicator } from '../communicator.js';
import { encodeEnvelope } from '../data/envelope.js';
import { keysOf, type RunKeys } from '../redis/keys.js';

let server: RedisServer;
let redis: Redis;
let bus: Communicator;
let keys: RunKeys;
beforeAll(async () => {
  server = await RedisServer.start();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(async () => {
  await redis.flushall();
  const fresh = freshBus(server.url);
  keys = keysOf(fresh.run);
  bus = new Communicator(fresh);
  await bus.connect();
});
afterEach(() => bus.close());

const envelope = (id: string) => encodeEnvelope({ id, attempt: 0, sentAt: 0, type: 'j' }, '1').toString();

/** Calls of a command since the last `CONFIG RESETSTAT`. */
async function calls(command: string): Promise<number> {
  const stats = await redis.info('commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

async function delay(n: number, queueOf: (i: number) => string): Promise<void> {
  const members = Array.from({ length: n }, (_, i) => [
    i + 1,
    `${String(i).padStart(15, '0')} b ${queueOf(i)} ${envelope(`m${i}`)}`,
  ]);
  await redis.zadd(keys.later, ...members.flat());
}

test('what is due for thousands of queues takes few round trips', async () => {
  await delay(4000, (i) => `q${i}`);
  await redis.config('RESETSTAT');
  expect((await bus.recovery.promote()).moved).toBe(4000);
  expect((await calls('evalsha')) + (await calls('eval'))).toBeLessThan(50);
  expect(await redis.llen(keys.queue('q3999'))).toBe(1);
});

test('what is due keeps its order over the steps', async () => {
  await delay(1200, (i) => (i % 3 === 0 ? 'a' : `b${i}`));
  await bus.recovery.promote();
  const order = (await bus.dump('a', 0, 1000)).map(({ id }) => Number(id.slice(1)));
  expect(order).toEqual(Array.from({ length: 400 }, (_, i) => 3 * i));
});

test('a queue whose backlog lasted for long is not forgotten the moment it is emptied', async () => {
  await bus.push([{ kind: 'back', queue: 'a', envelope: envelope('m1') }]);
  const stillMs = 60_000;
  const now = await bus.status.now();
  await redis.zadd(keys.queues, now - 2 * stillMs, 'a'); // it was not empty that long
  await bus.pop(['a']);
  expect(await bus.prune(stillMs)).toBe(0);
  const seen = Number(await redis.zscore(keys.queues, 'a'));
  expect(seen).toBeGreaterThan(now - 1);
  await redis.zadd(keys.queues, seen - stillMs - 1000, 'a'); // and now it was still that long
  expect(await bus.prune(stillMs)).toBe(1);
  expect(await bus.show()).toEqual([]);
});

test('a queue that was seen still, and to which a marble came, begins anew', async () => {
  await bus.push([{ kind: 'back', queue: 'a', envelope: envelope('m1') }]);
  await bus.pop(['a']);
  const stillMs = 60_000;
  expect(await bus.prune(stillMs)).toBe(0);
  await redis.zadd(keys.queues, Number(await redis.zscore(keys.queues, 'a')) - stillMs - 1000, 'a');
  await bus.push([{ kind: 'back', queue: 'a', envelope: envelope('m2') }]);
  await bus.pop(['a']);
  expect(await bus.prune(stillMs)).toBe(0);
});

test('the search for orphans goes in turns of so many steps, and finds all in a whole pass', async () => {
  const foreign = Array.from({ length: 20_000 }, (_, i) => [`foreign:${i}`, 'x']);
  await redis.mset(foreign.flat());
  const orphans = 20; // that all of them lie in the first turns is out of the question
  for (let i = 0; i < orphans; i++) await redis.hset(keys.held(`gone${i}`), '1/a', envelope(`m${i}`));
  await redis.config('RESETSTAT');
  let found = 0;
  let turns = 0;
  for (; found < orphans && turns < 50; turns++) found += await bus.recovery.findOrphans(2);
  expect(found).toBe(orphans);
  expect(turns).toBeGreaterThan(2);
  expect(await calls('scan')).toBe(2 * turns);
  expect((await bus.recovery.sweep(3)).returned).toBe(orphans);
});
