import { expect, test } from '@jest/globals';
import { bus, keys, redis } from '../testing.js';
import { WATCH } from './watchers.js';

const names = async () => (await bus.watchers.list()).map(({ name, version }) => `${name} ${version}`);

test('Monitors are listed, the one that turned last first, each once', async () => {
  expect(await bus.watchers.list()).toEqual([]);
  await bus.watchers.note('host:1', '1.0.0');
  await bus.watchers.note('host:2', '1.1.0');
  await redis.zincrby(keys.monitors, -10, 'host:1 1.0.0');
  expect(await names()).toEqual(['host:2 1.1.0', 'host:1 1.0.0']);
  await redis.zincrby(keys.monitors, -10, 'host:2 1.1.0');
  await bus.watchers.note('host:1', '1.0.0');
  expect(await names()).toEqual(['host:1 1.0.0', 'host:2 1.1.0']);
});

test('one that is silent stays listed with for how long it is, and one whose clock was ahead is silent for 0 ms', async () => {
  for (const name of ['silent', 'ahead']) await bus.watchers.note(name, '1.0.0');
  const now = await bus.status.now();
  await redis.zadd(keys.monitors, now - WATCH.patienceMs, 'silent 1.0.0', now + 60_000, 'ahead 1.0.0');
  const [ahead, silent] = await bus.watchers.list();
  expect(ahead).toMatchObject({ name: 'ahead', silentMs: 0 });
  expect(silent).toMatchObject({ name: 'silent', turnedAt: now - WATCH.patienceMs });
  expect(silent!.silentMs).toBeGreaterThanOrEqual(WATCH.patienceMs);
  expect(silent!.silentMs).toBeLessThan(WATCH.patienceMs + 30_000);
});

test('one that leaves is listed no more, and one that is silent for an hour is forgotten by the next note', async () => {
  await bus.watchers.note('leaves', '1.0.0');
  await bus.watchers.leave('leaves', '1.0.0');
  await bus.watchers.note('killed', '1.0.0');
  await redis.zincrby(keys.monitors, -WATCH.keepMs - 1000, 'killed 1.0.0');
  expect(await names()).toEqual(['killed 1.0.0']);
  await bus.watchers.note('stays', '1.0.0');
  expect(await names()).toEqual(['stays 1.0.0']);
});

test('a name with blanks is one name, also when it leaves', async () => {
  await bus.watchers.note('my host:\t1', '1.0.0');
  expect(await names()).toEqual(['my-host:-1 1.0.0']);
  await bus.watchers.leave('my host:\t1', '1.0.0');
  expect(await names()).toEqual([]);
});

test('a Monitor notes itself more often than it may be silent, and that is less than until it is forgotten', () => {
  expect(WATCH.everyMs * 3).toBeLessThanOrEqual(WATCH.patienceMs);
  expect(WATCH.patienceMs).toBeLessThan(WATCH.keepMs);
});
