/**
 * Scenarios for the scripts that miss processes by their connections.
 */
import { until } from '@marblerun/test-support';
import { Communicator } from 'marblerun/communicator';
import { holdingSome } from './holder-scenarios.js';
import type { Place } from './place.js';
import type { Scenario } from './scenario.js';

const HEART = { id: 'heart', goneMs: 1000 };

const pulses: Scenario = {
  what: 'notes by which connection it beats',
  async prepare(place) {
    await place.send(1, 'back', 'a');
    return async () => {
      await place.user.hearts.pulse(HEART);
      return [];
    };
  },
};

/** A holder has this heart, which beats by a connection of its own and has been seen by a Monitor. */
async function beating(place: Place): Promise<Communicator> {
  const { holding } = await holdingSome(place);
  await place.redis.hset(place.keys.holder(holding.id), 'heart', HEART.id);
  const process = new Communicator({ redis: place.url, run: place.run });
  await process.hearts.pulse(HEART);
  await place.admin.goneConnections.look();
  return process;
}

const isGone: Scenario = {
  what: 'a process that ended has been gone for too long',
  async prepare(place) {
    const { redis, keys } = place;
    const process = await beating(place);
    await process.close();
    const looks = () => place.admin.goneConnections.look();
    await until('it is gone', async () => (await looks()).nextInMs !== undefined);
    const words = (await redis.hget(keys.hearts, HEART.id))!.split(' ');
    words[5] = String(HEART.goneMs);
    await redis.hset(keys.hearts, HEART.id, words.join(' '));
    return async () => {
      await place.user.goneConnections.look();
      await place.user.recovery.sweep(3);
      return [];
    };
  },
};

const isSeen: Scenario = {
  what: 'a process is seen again, and what is none is forgotten',
  async prepare(place) {
    const { redis, keys } = place;
    const process = await beating(place);
    await redis.hset(keys.hearts, 'none', 'no heart');
    await redis.hset(
      keys.hearts,
      HEART.id,
      (await redis.hget(keys.hearts, HEART.id))!.replace(/ \w+ 0 0 -$/, ' - 0 0 -'),
    );
    return async () => {
      await place.user.goneConnections.look().finally(() => process.close());
      return [];
    };
  },
};

export const GONE_SCENARIOS = { pulse: [pulses], gone: [isGone, isSeen], lapse: [isGone] };
