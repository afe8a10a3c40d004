/**
 * The scenarios for scripts that send, move or end marbles, with marbles that have large data; and those in which such
 * data are missing.
 */
import type { ScriptName } from '@marblerun/internal';
import { BATCH_SCENARIOS } from './batch-scenarios.js';
import { HOLDER_SCENARIOS, holdingSome } from './holder-scenarios.js';
import { LANE_SCENARIOS } from './lane-scenarios.js';
import { MEMBERS_SCRIPTS, MEMBER_SCENARIOS } from './member-scenarios.js';
import type { Scenario } from './scenario.js';

type Scenarios = Readonly<Partial<Record<ScriptName, readonly Scenario[]>>>;

const withLargeData = (scenario: Scenario): Scenario => ({
  ...scenario,
  what: `${scenario.what}, with large data`,
  ...(scenario.what.includes('in vain') && { spoilsData: true }),
  prepare(place) {
    place.isLarge = true;
    return scenario.prepare(place);
  },
});

const missing: Scenario = {
  what: 'makes dead letters of marbles whose data are missing, and gives back one whose data are there after all',
  spoilsData: true,
  async prepare(place) {
    place.isLarge = true;
    const { holding, taken } = await holdingSome(place, { timeLimitMs: 60_000 });
    for (const { envelope } of taken.slice(1)) await place.redis.del(place.keys.data(envelope.large!.name));
    return async () => {
      await holding.giveBack(taken.reverse().map((held) => ({ held, verdict: 'missing', delayMs: 0 })));
      return [];
    };
  },
};

const searches: Scenario = {
  what: 'looks for large data that nobody needs',
  spoilsData: true,
  async prepare(place) {
    place.isLarge = true;
    await holdingSome(place);
    await place.send(2, 'later', 'a');
    await place.send(1, 'back', 'b');
    await place.redis.set(place.keys.data('nobody'), 'x');
    return async () => {
      await place.user.largeDataSearch.find();
      return [];
    };
  },
};

/** All scenarios again with large data, where these make a difference to their script. `plain`: those of no other file. */
export function largeScenarios(plain: Scenarios): Scenarios {
  const { swap, swapRouting } = HOLDER_SCENARIOS;
  const { swapMembers, swapMembersRouting, pushMembers } = MEMBERS_SCRIPTS;
  const again: Scenarios = {
    pushLarge: [...plain.pushAny!, ...pushMembers],
    swapLarge: [...swap, ...swapMembers],
    swapLargeRouting: [...swapRouting, ...swapMembersRouting],
    giveback: MEMBER_SCENARIOS.giveback,
    destroy: [...plain.destroy!, ...MEMBER_SCENARIOS.destroy],
    settle: [...plain.settle!, ...MEMBER_SCENARIOS.settle],
    expire: [...plain.expire!, ...MEMBER_SCENARIOS.expire],
    discard: BATCH_SCENARIOS.discard,
    lift: LANE_SCENARIOS.lift,
    land: LANE_SCENARIOS.land,
    pop: plain.pop!,
    transfer: plain.transfer!,
  };
  const large = Object.entries(again).map(([script, scenarios]) => [script, scenarios.map(withLargeData)] as const);
  return {
    ...Object.fromEntries(large),
    giveback: [...MEMBER_SCENARIOS.giveback.map(withLargeData), missing],
    referred: [searches],
  };
}
