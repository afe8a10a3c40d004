import { expect, test } from '@jest/globals';
import type { Held } from '../hold/held.js';
import { bus, holder, keys, largeOutput, redis, take } from '../testing.js';

test('data that no marble refers to have a day to live after two searches; all others stay', async () => {
  const { largeDataSearch } = bus;
  expect(await largeDataSearch.find()).toEqual({ there: 0, unneeded: 0, needed: 0 });
  await bus.push([largeOutput('held'), largeOutput('dead'), largeOutput('waits', { queue: 'other' })]);
  await bus.push([largeOutput('later', { kind: 'later', delayMs: 100_000 }), largeOutput('up', { kind: 'up' })]);
  await bus.push([largeOutput('lifted', { kind: 'up', queue: 'lifted' })]);
  await bus.laneSource('lane').lift(['lifted'], { marbles: 1, bytes: 1 });
  const by = await holder({ maxAttempts: 1 });
  const [, dead] = (await take(by, 10)) as [Held, Held];
  await by.giveBack([{ held: dead, verdict: 'fail', delayMs: 0 }]);
  await redis.set(keys.data('nobody'), 'data');
  await redis.set(keys.data('unsent'), 'data', 'EX', 100);
  expect(await largeDataSearch.find()).toEqual({ there: 8, unneeded: 0, needed: 0 });
  expect(await largeDataSearch.find()).toEqual({ there: 8, unneeded: 1, needed: 0 });
  expect(await redis.ttl(keys.data('nobody'))).toBeGreaterThan(80_000);
  for (const name of ['held', 'dead', 'waits', 'later', 'up', 'lifted'])
    expect([name, await redis.ttl(keys.data(name))]).toEqual([name, -1]);
  expect(await redis.ttl(keys.data('unsent'))).toBeLessThan(101);
});

test('data that would go and have a marble after all last again', async () => {
  await bus.push([largeOutput('x')]);
  await redis.expire(keys.data('x'), 1000); // as if its marble had been missed twice
  expect(await bus.largeDataSearch.find()).toEqual({ there: 1, unneeded: 0, needed: 1 });
  expect(await redis.ttl(keys.data('x'))).toBe(-1);
});
