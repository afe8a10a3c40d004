/**
 * Scenarios for the scripts of a lane, both ends of which are in one run here.
 */
import type { Communicator, Transit } from 'marblerun/communicator';
import type { Scenario } from './scenario.js';

const nothing: readonly string[] = [];

const lifts: Scenario = {
  what: 'lifts, clears what has arrived, and lifts the next',
  again: true,
  async prepare(place) {
    const source = place.user.laneSource('lane');
    await place.send(3, 'up', 'a');
    await place.send(3, 'up', 'b');
    return async () => {
      const gone: string[] = [];
      for (let arrived = undefined as Awaited<ReturnType<typeof source.lift>>; ;) {
        const transit = await source.lift(['a', 'b'], { marbles: 4, bytes: 10_000 }, arrived);
        if (!transit) return gone;
        await land(place.admin, transit);
        arrived = transit;
      }
    };
  },
};

async function land(by: Communicator, transit: Transit) {
  const options = { from: 'lower', hopLimit: 8, onward: (queue: string) => queue === 'onward' };
  return by.laneTarget().land(transit, options);
}

const lands: Scenario = {
  what: 'lands a transit, again too, and has it cleared',
  again: true,
  async prepare(place) {
    const source = place.admin.laneSource('lane');
    for (const queue of ['a', 'b', 'onward']) await place.send(2, 'up', queue);
    await place.send(1, 'up', 'deep', { hops: 8 });
    const transit = (await source.lift(['a', 'b', 'onward', 'deep'], { marbles: 10, bytes: 10_000 }))!;
    return async () => {
      await land(place.user, transit);
      await land(place.user, transit);
      await source.lift([], { marbles: 0, bytes: 0 }, transit);
      return nothing;
    };
  },
};

const begins: Scenario = {
  what: 'begins a new epoch',
  again: true,
  async prepare(place) {
    await place.send(3, 'up', 'a');
    const transit = (await place.admin.laneSource('lane').lift(['a'], { marbles: 10, bytes: 10_000 }))!;
    return async () => {
      await place.user.laneSource('lane').newEpoch(transit, '1');
      return nothing;
    };
  },
};

export const LANE_SCENARIOS = { lift: [lifts], epoch: [begins], land: [lands] } as const;
