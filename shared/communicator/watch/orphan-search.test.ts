/** Marbles that nobody else would find, in turns whose cost to Redis is bounded. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RedisServer, freshBus } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Communicator } from '../communicator.js';
import { keysOf } from '../redis/keys.js';
import { bus, envelope, holder, keys, redis, send, take, waiting } from '../testing.js';

const NO_TEXT = Buffer.from([0x71, 0xff, 0xfe]);

test('what is held by a holder without an entry is found and brought back', async () => {
  await send('q', 'm1');
  const holding = await holder();
  await take(holding, 1);
  await redis.zrem(keys.holders, holding.id); // as if evicted, or restored from an old file
  await redis.del(keys.holder(holding.id));
  expect(await bus.recovery.sweep(3)).toMatchObject({ returned: 0 });
  expect(await bus.recovery.findOrphans()).toBe(1);
  expect(await bus.recovery.findOrphans()).toBe(0); // it is known by now
  expect(await bus.recovery.sweep(3)).toMatchObject({ returned: 1 });
  expect(await waiting()).toEqual(['m1']);
});

test('what lies in the inbox of a holder without an entry comes back to the queue that the key names', async () => {
  await redis.lpush(keys.inbox('gone', 'a:b/c'), envelope('m1'));
  expect(await bus.recovery.findOrphans()).toBe(1);
  await bus.recovery.sweep(3);
  expect(await waiting('a:b/c')).toEqual(['m1']);
});

test('one that is known is no orphan, and what belongs to another run is not looked at', async () => {
  await send('q', 'm1');
  await take(await holder(), 1);
  await redis.hset(keysOf(`${bus.run}-other`).held('gone'), '1/q', envelope('m2'));
  expect(await bus.recovery.findOrphans()).toBe(0);
});

test.each<[string, (name: Buffer | string) => Buffer]>([
  ['an inbox', (name) => Buffer.concat([Buffer.from(keys.inbox('gone', '')), Buffer.from(name)])],
  ['a queue', (name) => Buffer.concat([Buffer.from(keys.queue('')), Buffer.from(name)])],
])('%s of a name that is not allowed is found, and what is in it goes to the dead', async (_what, keyOf) => {
  await redis.lpush(keyOf(NO_TEXT), envelope('m1'), envelope('m2'));
  await redis.lpush(keyOf('a b'), envelope('m3'));
  await bus.recovery.findOrphans();
  await bus.recovery.sweep(3);
  expect((await bus.deadLetters.list()).map((letter) => letter.envelope?.id).sort()).toEqual(['m1', 'm2', 'm3']);
  expect(await redis.exists(keyOf(NO_TEXT), keyOf('a b'))).toBe(0);
});

test('a list that cannot be moved does not stop the others, and is told by its name', async () => {
  await redis.set(`${keys.queue('')}a b`, 'no list');
  await redis.lpush(`${keys.queue('')}c d`, envelope('m1'));
  await expect(bus.recovery.findOrphans()).rejects.toMatchObject({
    code: 'MR_REDIS_WRONG_TYPE',
    message: expect.stringMatching(/^a_b: /),
  });
  expect((await bus.deadLetters.list()).map((letter) => [letter.queue, letter.envelope?.id])).toEqual([['c_d', 'm1']]);
});

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start(); // a server of its own: what is in it decides how many steps there are
});
afterAll(() => server.stop());

test('the search goes in turns of so many steps, and finds all in a whole pass', async () => {
  const own = freshBus(server.url);
  const [admin, searching] = [new Redis(server.url), new Communicator(own)];
  await admin.mset(Array.from({ length: 20_000 }, (_, i) => [`foreign:${i}`, 'x']).flat());
  const orphans = 20; // that all of them lie in the first turns is out of the question
  for (let i = 0; i < orphans; i++) await admin.hset(keysOf(own.run).held(`gone${i}`), '1/a', envelope(`m${i}`));
  await admin.config('RESETSTAT');
  let found = 0;
  let turns = 0;
  for (; found < orphans && turns < 50; turns++) found += await searching.recovery.findOrphans(2);
  expect(found).toBe(orphans);
  expect(turns).toBeGreaterThan(2);
  const [, scans] = /cmdstat_scan:calls=(\d+)/.exec(await admin.info('commandstats')) ?? [];
  expect(Math.ceil(Number(scans) / 2)).toBe(turns); // the last turn may meet the end of the pass after one step
  expect((await searching.recovery.sweep(3)).returned).toBe(orphans);
  admin.disconnect();
  await searching.close();
});
