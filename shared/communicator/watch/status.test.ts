import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { RedisServer, redisCli } from '@marblerun/test-support';
import { Communicator } from '../communicator.js';
import { bus, holder, keys, output, redis, send, take } from '../testing.js';

test('queues and outboxes come by name', async () => {
  for (const queue of ['b', 'c', 'a']) await bus.push([output('m', queue), output('m', queue, { kind: 'up' })]);
  expect((await bus.status.queues()).map(({ queue }) => queue)).toEqual(['a', 'b', 'c']);
  expect((await bus.status.outboxes()).map(({ queue, depth }) => `${queue} ${depth}`)).toEqual(['a 1', 'b 1', 'c 1']);
});

test('holders are listed, the longest unheard first, with what they hold and what they say of themselves', async () => {
  await send('q', 'm1', 'm2');
  const busy = await holder({ leaseMs: 30_000, description: { host: 'here', pid: '17' } });
  await take(busy, 2);
  await busy.report('halfway');
  const silent = await holder({ leaseMs: 30_000 });
  const now = await bus.status.now();
  await redis.zadd(keys.holders, now - 10_000, silent.id);
  const [first, second, ...others] = await bus.status.holders();
  expect(others).toEqual([]);
  expect(first).toMatchObject({ holder: silent.id, held: 0, leaseUntil: now - 10_000, heardAt: now - 40_000 });
  expect(first!.unheardMs).toBeGreaterThanOrEqual(40_000);
  expect(second).toMatchObject({ holder: busy.id, held: 2, about: { host: 'here', pid: '17', report: 'halfway' } });
  expect(second!.unheardMs).toBeLessThan(30_000);
  expect((await bus.status.holders(1)).map((one) => one.holder)).toEqual([silent.id]);
});

test('more holders than are asked for at once are all described', async () => {
  await redis.zadd(keys.holders, ...Array.from({ length: 450 }, (_, i) => [i, `h${i}`]).flat());
  await redis.hset(keys.holder('h449'), 'host', 'last');
  const all = await bus.status.holders();
  expect(all.map((one) => one.holder)).toEqual(Array.from({ length: 450 }, (_, i) => `h${i}`));
  expect(all.at(-1)).toMatchObject({ about: { host: 'last' }, held: 0 });
  expect(await bus.status.holderCount()).toBe(450);
});

test('a holder is heard while its lease runs', async () => {
  const holding = await holder();
  expect([await bus.status.isHeard(holding.id), await bus.status.isHeard('nobody')]).toEqual([true, false]);
  await bus.recovery.endLease(holding.id);
  expect(await bus.status.isHeard(holding.id)).toBe(false);
});

test('delayed marbles are counted', async () => {
  expect(await bus.status.laterCount()).toBe(0);
  await bus.push([output('m1', 'q', { kind: 'later', delayMs: 60_000 }), output('m2')]);
  expect(await bus.status.laterCount()).toBe(1);
});

describe('a Redis of its own', () => {
  let server: RedisServer;
  let own: Communicator;
  let some: Communicator;
  const admin = (...command: string[]) => redisCli(server.port, ...command);
  beforeEach(async () => {
    server = await RedisServer.start(['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory', '50mb']);
    await admin('ACL', 'SETUSER', 'some', 'on', '>p', '~*', '+@all', '-info', '-config');
    own = new Communicator({ redis: server.url });
    some = new Communicator({ redis: { host: '127.0.0.1', port: server.port, username: 'some', password: 'p' } });
  });
  afterEach(async () => {
    await Promise.all([own.close(), some.close()]);
    await server.stop();
  });

  test('it tells how full it is, how well it keeps what it has, and whether it may evict', async () => {
    const memory = (await own.status.memory())!;
    expect(memory.maxBytes).toBe(50 * 1024 * 1024);
    expect(memory.usedBytes).toBeGreaterThan(100_000);
    expect(await own.status.durability()).toMatchObject({
      ...{ version: expect.stringMatching(/^\d+\.\d+/), appendonly: true, appendfsync: 'always' },
      ...{ maxmemoryPolicy: 'noeviction', maxBytes: memory.maxBytes },
    });
    expect(await own.status.evictingPolicy()).toBe('');
    await admin('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru', 'appendonly', 'no');
    expect(await own.status.evictingPolicy()).toBe('allkeys-lru');
    expect(await own.status.durability()).toMatchObject({ appendonly: false, maxmemoryPolicy: 'allkeys-lru' });
  });

  test('what this user may not read is not said, and is no error', async () => {
    expect([await some.status.memory(), await some.status.evictingPolicy()]).toEqual([undefined, undefined]);
    expect(await some.status.durability()).toEqual({ appendfsync: undefined });
    await admin('ACL', 'SETUSER', 'some', '+config|get');
    expect(await some.status.durability()).toEqual({ appendfsync: 'always' });
  });
});
