import { expect, test } from '@jest/globals';
import { redis } from '../testing.js';
import { timeMs } from './redis-time.js';

test("the time is Redis's, in whole ms since 1970", async () => {
  const micros = async () => {
    const [seconds, rest] = await redis.time();
    return Number(seconds) * 1_000_000 + Number(rest);
  };
  const before = await micros();
  const now = await timeMs(redis);
  const after = await micros();
  expect(Number.isInteger(now)).toBe(true);
  expect(now).toBeGreaterThanOrEqual(Math.floor(before / 1000));
  expect(now).toBeLessThanOrEqual(Math.floor(after / 1000));
});
