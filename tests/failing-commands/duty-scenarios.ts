/**
 * Scenarios for the scripts of duties, and for the one that finds holders that hang.
 */
import { holdersOf } from '@marblerun/internal';
import { until } from '@marblerun/test-support';
import { holdingSome } from './holder-scenarios.js';
import type { Place } from './place.js';
import type { Scenario } from './scenario.js';

const DUTY = 'scale';
const HOUR_MS = 3_600_000;

const duty = (what: string, act: (place: Place) => Promise<unknown>): Scenario => ({
  what,
  async prepare(place) {
    await place.send(1, 'back', 'a');
    return async () => {
      await act(place);
      return [];
    };
  },
});

const takes = duty('takes a duty', ({ user }) => user.duties.take(DUTY, HOUR_MS));

const notes: Scenario = {
  what: 'notes what the owner of a duty is about to do',
  async prepare({ user }) {
    const { fence } = (await user.duties.take(DUTY, HOUR_MS))!;
    return async () => {
      await user.duties.note(DUTY, fence, 'a step', HOUR_MS);
      return [];
    };
  },
};

/** One holder hangs, and another that was over its limit is gone. */
const hangs: Scenario = {
  what: 'looks at a holder that hangs and at one that is gone',
  async prepare(place) {
    const { redis, keys } = place;
    const { holding } = await holdingSome(place);
    await redis.zadd(keys.overran, Date.now(), holding.id, 1, 'gone');
    await until('it has beaten since', async () => {
      await holdersOf(place.admin).beat([{ id: holding.id, leaseMs: HOUR_MS }], '60000');
      return (await place.admin.hungHolders.look()).length === 1;
    });
    await redis.zadd(keys.overran, 1, 'gone');
    return async () => {
      await place.user.hungHolders.look();
      return [];
    };
  },
};

export const DUTY_SCENARIOS = { takeDuty: [takes], noteDuty: [notes], hung: [hangs] };
