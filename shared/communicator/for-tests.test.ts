import { expect, test } from '@jest/globals';
import { ForTests } from './for-tests.js';
import { keysOf } from './redis/keys.js';
import { bus, connection, keys, output, redis, send, waiting } from './testing.js';

const MINUTE_MS = 60_000;

test('delayed marbles are due that much sooner, all of them, and no others come', async () => {
  const delays = Array.from({ length: 50 }, (_, i) => output(`m${i}`, 'q', { kind: 'later', delayMs: 10 * MINUTE_MS }));
  await bus.push([...delays, output('longer', 'q', { kind: 'later', delayMs: 20 * MINUTE_MS })]);
  const tests = new ForTests(connection, keys);
  await tests.advance(9 * MINUTE_MS);
  expect((await bus.recovery.promote()).moved).toBe(0);
  await tests.advance(MINUTE_MS);
  const { moved, nextInMs } = await bus.recovery.promote();
  expect([moved, nextInMs > 9 * MINUTE_MS, nextInMs <= 10 * MINUTE_MS]).toEqual([50, true, true]);
  expect(await waiting()).toEqual(delays.map((_, i) => `m${i}`));
});

test('one that is promoted meanwhile does not come back', async () => {
  await bus.push([output('m1', 'q', { kind: 'later', delayMs: 0 })]);
  await Promise.all([bus.recovery.promote(), new ForTests(connection, keys).advance(1000)]);
  await bus.recovery.promote();
  expect([await waiting(), await bus.status.laterCount()]).toEqual([['m1'], 0]);
});

test('all of the run is erased, whatever it holds, and nothing of a run whose name begins alike', async () => {
  await send('q', ...Array.from({ length: 10 }, (_, i) => `m${i}`));
  for (let i = 0; i < 2500; i++) void redis.set(keys.value(`v${i}`), 'x');
  const other = keysOf(`${bus.run}x`).queue('q');
  await redis.lpush(other, 'x');
  await new ForTests(connection, keys).erase();
  expect(await redis.keys(`${keys.prefix}*`)).toEqual([]);
  expect(await redis.exists(other)).toBe(1);
});
