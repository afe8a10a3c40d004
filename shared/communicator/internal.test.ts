import { expect, test } from '@jest/globals';
import { holdersOf, releaseUnbegun } from './internal.js';
import { bus, holder, keys, redis, send, take, waiting } from './testing.js';

test('the holders of a communicator are its own', async () => {
  expect(holdersOf(bus)).toBe(bus.holders);
  const holding = await holder();
  expect(await holdersOf(bus).beat([{ id: holding.id, leaseMs: 1000 }], '')).toEqual([]);
});

test('what a blocked holder has not begun is taken back as it was, and what it has begun stays', async () => {
  await send('q', 'm1', 'm2');
  const holding = await holder();
  await take(holding, 2);
  await releaseUnbegun(bus, holding.id, { begun: 1, op: 1, mayBeInInbox: false });
  expect([await waiting(), await redis.hexists(keys.held(holding.id), '1/q')]).toEqual([['m2'], 1]);
});
