/**
 * Scenarios for the scripts that correct dates after Redis's clock has gone back.
 */
import { holdingSome } from './holder-scenarios.js';
import type { Scenario } from './scenario.js';

const HOUR_MS = 3_600_000;

const goesBack = (limit: number | undefined): Scenario => ({
  what: `the clock goes back; the time limit is ${limit ?? 'not known'}`,
  async prepare(place) {
    const { keys, redis, admin } = place;
    const { holding } = await holdingSome(place, {}, { timeLimitMs: limit });
    await place.send(300, 'later', 'a'); // more than fits into one step
    await admin.recovery.sweep(3);
    const ahead = Date.now() + HOUR_MS;
    await redis.zadd(keys.holders, ahead + HOUR_MS, holding.id);
    await redis.zadd(keys.deadlines, ahead + HOUR_MS, `${holding.id} 1/a`);
    await redis.zadd(keys.later, ahead + HOUR_MS, (await redis.zrange(keys.later, '0', '0'))[0]!);
    await redis.hset(keys.clock, 'seen', ahead);
    return async () => {
      await place.user.recovery.sweep(3);
      return [];
    };
  },
});

const goesOn: Scenario = {
  what: 'the clock goes on',
  prepare: (place) =>
    Promise.resolve(async () => {
      await place.user.recovery.sweep(3);
      return [];
    }),
};

export const CLOCK_SCENARIOS = {
  clock: [goesOn, goesBack(undefined)],
  clamp: [goesBack(undefined), goesBack(60_000)],
  rewind: [goesBack(undefined)],
} as const;
