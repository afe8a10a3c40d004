import { expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { bus, holder, keys, output, redis, send, take } from '../testing.js';

const NO_TEXT = Buffer.from([0x71, 0xff, 0xfe]);

test('a queue whose backlog lasted for long is not forgotten the moment it is emptied', async () => {
  await send('a', 'm1');
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
  await send('a', 'm1');
  await bus.pop(['a']);
  const stillMs = 60_000;
  expect(await bus.prune(stillMs)).toBe(0);
  await redis.zadd(keys.queues, Number(await redis.zscore(keys.queues, 'a')) - stillMs - 1000, 'a');
  await send('a', 'm2');
  await bus.pop(['a']);
  expect(await bus.prune(stillMs)).toBe(0);
});

test('a queue with marbles in hand or in its outbox is not forgotten, however still it is', async () => {
  await send('a', 'm1');
  await take(await holder(), 1, 'a');
  await bus.push([output('m2', 'b', { kind: 'up' })]);
  for (const registry of [keys.queues, keys.outboxes])
    for (const name of await redis.zrange(registry, '0', '-1')) await redis.zadd(registry, 1, name);
  for (let looks = 0; looks < 2; looks++) expect(await bus.prune(1000)).toBe(0);
  expect((await bus.show()).map(({ queue }) => queue).sort()).toEqual(['a', 'b']);
});

test('what is forgotten stays in the sum of what was counted', async () => {
  await send('a', 'm1');
  await bus.pop(['a']);
  await until('it has been still for a moment', async () => (await bus.prune(1)) === 1);
  expect(await bus.queues.countsOfForgotten()).toMatchObject({ sent: 1, taken: 1, finished: 1 });
});

test.each<[string, Buffer]>([
  ['a space', Buffer.from('a b')],
  ['no text', NO_TEXT],
])('a name with %s is not shown, and is forgotten', async (_what, name) => {
  await bus.push([output('m1'), output('m2', 'q', { kind: 'up' })]);
  for (const registry of [keys.queues, keys.outboxes]) await redis.zadd(registry, 1, name);
  expect((await bus.show()).map(({ queue }) => queue)).toEqual(['q']);
  expect((await bus.status.outboxes()).map(({ queue }) => queue)).toEqual(['q']);
  await bus.prune(3_600_000);
  expect([await redis.zcard(keys.queues), await redis.zcard(keys.outboxes)]).toEqual([1, 1]);
});
