/**
 * Scenarios for the scripts of those who wait on several queues.
 */
import { holdersOf } from '@marblerun/internal';
import type { Scenario } from './scenario.js';

const nothing: readonly string[] = [];

const waits: Scenario = {
  what: 'waits on several queues',
  async prepare(place) {
    await place.send(2, 'back', 'a');
    const listening = holdersOf(place.user).listening(['a', 'b', 'new'], 1000);
    return async () => {
      await listening.wait(1000);
      return nothing;
    };
  },
};

const issuesAgain: Scenario = {
  what: 'issues wake-ups again, and forgets what nobody watches',
  async prepare(place) {
    await place.send(3, 'back', 'a');
    await place.redis.hset(place.keys.watched, 'past', 1);
    return async () => {
      await place.user.recovery.wakeAgain();
      return nothing;
    };
  },
};

const isWoken: Scenario = {
  what: 'takes what it was woken for',
  async prepare(place) {
    await place.send(2, 'back', 'b');
    const holding = await place.enter();
    await place.redis.zadd(place.keys.holders, Date.now() + 60_000, holding.id); // its lease is to be renewed
    return async () => {
      await holding.swap({ sources: ['a', 'b'], want: 1, woken: 'b' });
      return nothing;
    };
  },
};

export const WAKE_SCENARIOS = { listen: [waits, issuesAgain], take: [isWoken] };
