/**
 * Scenarios for each script that together reach all its commands: a run is prepared, then a user does something that
 * calls the script.
 */
import { holdersOf, type ScriptName } from '@marblerun/internal';
import { BATCH_SCENARIOS } from './batch-scenarios.js';
import { CLOCK_SCENARIOS } from './clock-scenarios.js';
import { DUTY_SCENARIOS } from './duty-scenarios.js';
import { GONE_SCENARIOS } from './gone-scenarios.js';
import { HOLDER_SCENARIOS, holdingSome, came } from './holder-scenarios.js';
import { LANE_SCENARIOS } from './lane-scenarios.js';
import { largeScenarios } from './large-scenarios.js';
import { MEMBER_SCENARIOS } from './member-scenarios.js';
import type { Place } from './place.js';
import type { Act, Scenario } from './scenario.js';
import { SEND_SCENARIOS } from './send-scenarios.js';
import { WAKE_SCENARIOS } from './wake-scenarios.js';

const nothing: readonly string[] = [];

const settles = (what: 'requeue' | 'delete'): Scenario => ({
  what: `settles: ${what}`,
  async prepare(place) {
    const ids = [...(await place.send(2, 'dead', 'a')), ...(await place.send(2, 'dead', 'b'))];
    if (what === 'delete') for (const id of ids) place.outputsOf.set(id, []); // a person wants them gone
    return async () => {
      await (what === 'delete' ? place.user.deadLetters.removeAll() : place.user.deadLetters.requeueAll());
      return what === 'delete' ? ids : nothing;
    };
  },
});

/** Makes a simple scenario: every marble that is there stays there. */
const keeps = (what: string, act: (place: Place) => Promise<unknown>, before?: (place: Place) => Promise<unknown>) => ({
  what,
  async prepare(place: Place): Promise<Act> {
    await place.send(3, 'back', 'a');
    await before?.(place);
    return async () => {
      await act(place);
      return nothing;
    };
  },
});

type Scenarios = Readonly<Partial<Record<ScriptName, readonly Scenario[]>>>;

const PLAIN: Scenarios = {
  ...SEND_SCENARIOS,
  pop: [
    {
      what: 'pops from two queues',
      async prepare(place) {
        const ids = [...(await place.send(3, 'back', 'a')), ...(await place.send(3, 'back', 'b'))];
        return async () => {
          const popped = await place.user.pop(['a', 'b'], 5);
          return popped.length === 5 ? popped.map(({ envelope }) => envelope.id) : ids;
        };
      },
    },
  ],
  transfer: [
    keeps('transfers', ({ user }) => user.transfer('a', 'b', 2)),
    keeps(
      'transfers to a queue that is none',
      ({ user }) => user.transfer('a', 'none', 2),
      ({ redis, keys }) => redis.set(keys.queue('none'), 'x'),
    ),
  ],
  destroy: [
    {
      what: 'destroys a queue',
      async prepare(place) {
        await place.send(1, 'back', 'b');
        const ids = await place.send(3, 'back', 'a');
        for (const id of ids) place.outputsOf.set(id, []); // a person wants them gone
        return async () => {
          await place.user.destroy('a');
          return ids;
        };
      },
    },
  ],
  strays: [
    {
      what: 'moves what lies in a list of no allowed name to the dead',
      async prepare(place) {
        await place.send(2, 'back', 'a');
        await place.redis.rename(place.keys.queue('a'), place.keys.queue('a b'));
        return async () => {
          await place.user.recovery.findOrphans();
          return nothing;
        };
      },
    },
  ],
  enter: [keeps('enters', (place) => place.enter())],
  beat: [
    {
      what: 'beats',
      async prepare(place) {
        const { holding } = await holdingSome(place);
        return async () => {
          await holdersOf(place.user).beat(
            [holding.id, 'unknown'].map((id) => ({ id, leaseMs: 1000 })),
            '5',
          );
          return nothing;
        };
      },
    },
  ],
  wait: [
    {
      what: 'waits',
      async prepare(place) {
        const { holding } = await holdingSome(place);
        await holding.swap({ waitOn: 'b' });
        return async () => {
          await holding.block('b', 20);
          return nothing;
        };
      },
    },
  ],
  ...HOLDER_SCENARIOS,
  due: [
    keeps(
      'forgets what is no holder',
      ({ user }) => user.recovery.sweep(3),
      ({ redis, keys }) => redis.zadd(keys.holders, 0, 'no holder'),
    ),
  ],
  nextDue: [
    keeps(
      'looks when the next is due',
      ({ user }) => user.recovery.promote(),
      ({ redis, keys }) => redis.zadd(keys.later, 1e15, '1 b a far away'),
    ),
  ],
  promote: [
    {
      what: 'promotes, and moves what has no allowed queue to the dead',
      async prepare(place) {
        const { id, envelope } = place.output('later', 'a');
        await place.redis.zadd(place.keys.later, 1, `000000000000001 b no{queue ${envelope.toString()}`);
        place.sent.add(id);
        return async () => {
          await place.user.recovery.promote();
          return nothing;
        };
      },
    },
    {
      what: 'promotes to the back and to the front',
      async prepare(place) {
        await place.send(2, 'later', 'a');
        const { holding, taken } = await holdingSome(place);
        await holding.giveBack(taken.map((held) => ({ held, verdict: 'fail', delayMs: 1, error: null })));
        await place.send(2, 'later', 'b');
        await new Promise((resolve) => setTimeout(resolve, 3)); // by now they are due
        return async () => {
          await place.user.recovery.promote();
          return nothing;
        };
      },
    },
  ],
  orphans: [
    {
      what: 'finds what a holder without an entry left behind',
      async prepare(place) {
        const { holding } = await came(place, true);
        await place.redis.zrem(place.keys.holders, holding.id);
        return async () => {
          await place.user.recovery.findOrphans();
          return nothing;
        };
      },
    },
  ],
  ...{ ...CLOCK_SCENARIOS, ...GONE_SCENARIOS, ...DUTY_SCENARIOS, ...WAKE_SCENARIOS },
  depths: [keeps('shows the queues', ({ user }) => user.show())],
  settle: [
    settles('requeue'),
    settles('delete'),
    keeps('settles what was taken out before', ({ user }) => user.deadLetters.remove(['999999'])),
    keeps(
      'settles what has a queue that is none',
      ({ user }) => user.deadLetters.requeueAll(),
      async (place) => {
        await place.send(2, 'dead', 'none');
        await place.redis.set(place.keys.queue('none'), 'x');
      },
    ),
  ],
  expire: [
    {
      what: 'removes the oldest dead',
      async prepare(place) {
        const [oldest] = await place.send(3, 'dead', 'a');
        place.outputsOf.set(oldest!, []); // this one is meant to go
        return async () => {
          await place.user.deadLetters.expire(2, 0);
          return [oldest!];
        };
      },
    },
  ],
  prune: [
    {
      what: 'forgets a queue that was still',
      async prepare(place) {
        await place.send(1, 'back', 'b');
        await place.send(1, 'dead', 'c');
        const gone = await place.send(3, 'back', 'a');
        await place.user.pop(['a'], 3);
        for (const id of gone) place.sent.delete(id);
        return async () => {
          await place.user.prune(0);
          return nothing;
        };
      },
    },
  ],
  audit: [
    keeps(
      'counts what is there',
      ({ user }) => user.audit.take(),
      (place) => place.enter(),
    ),
  ],
  watch: [
    keeps(
      'notes that a Monitor watches',
      ({ user }) => user.watchers.note('monitor', '1.0.0'),
      ({ redis, keys }) => redis.zadd(keys.monitors, 1, 'silent for long'),
    ),
  ],
  ...LANE_SCENARIOS,
  ...BATCH_SCENARIOS,
};

const PARTS: readonly Scenarios[] = [PLAIN, MEMBER_SCENARIOS, largeScenarios(PLAIN)];

const named = PARTS.flatMap((part) => Object.keys(part) as ScriptName[]);
export const SCENARIOS: Scenarios = Object.fromEntries(
  named.map((script) => [script, PARTS.flatMap((part) => part[script] ?? [])]),
);
