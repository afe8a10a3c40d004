/**
 * Scenarios for the scripts of a holder: it takes, finishes and gives back marbles, and has them taken back.
 */
import { releaseUnbegun, type Held } from '@marblerun/internal';
import type { HolderOptions, Place } from './place.js';
import type { Scenario } from './scenario.js';

const nothing: readonly string[] = [];
const idOf = ({ envelope }: Held) => envelope.id;

export async function holdingSome(place: Place, options: HolderOptions = {}, header = {}) {
  await place.send(3, 'back', 'a', header);
  const holding = await place.enter(options);
  const { taken } = (await holding.swap({ sources: ['a'], want: 3, waitOn: 'a' })) as { taken: Held[] };
  return { holding, taken };
}

/** Lets a marble come into the inbox of the holder, before a swap has adopted it. */
export async function came(place: Place, unseen = false) {
  const { holding, taken } = await holdingSome(place);
  await holding.swap({ waitOn: 'a' });
  if (unseen) {
    const ids = await place.send(1, 'back', 'a');
    await place.redis.lmove(place.keys.queue('a'), place.keys.inbox(holding.id, 'a'), 'RIGHT', 'LEFT');
    return { holding, taken, ids };
  }
  const waiting = holding.block('a', 5000);
  const ids = await place.send(1, 'back', 'a');
  await waiting;
  return { holding, taken, ids };
}

const everyKind = (place: Place) =>
  (['back', 'front', 'up', 'later', 'dead'] as const).map((kind) => place.output(kind, `${kind}s`));

/** Gives each marble outputs. Without any its work is done. */
function withOutputs(place: Place, taken: Held[], make = everyKind) {
  return taken.map((held) => {
    const outputs = make(place);
    place.outputsOf.set(
      idOf(held),
      outputs.map(({ id }) => id),
    );
    return { held, outputs };
  });
}

const takes: Scenario = {
  what: 'takes',
  async prepare(place) {
    const holding = await place.enter({ timeLimitMs: 60_000 });
    await place.send(3, 'back', 'a');
    await place.send(3, 'back', 'b');
    return async () => {
      await holding.swap({ sources: ['a', 'b'], want: 5, waitOn: 'b' });
      return nothing;
    };
  },
};

const finishesTwice: Scenario = {
  what: 'finishes with outputs, and asks again because the reply was lost',
  async prepare(place) {
    await place.send(1, 'back', 'a');
    const holding = await place.enter({}, await place.userLosingReplyTo('backs'));
    const { taken } = (await holding.swap({ sources: ['a'], want: 1 })) as { taken: Held[] };
    const finish = withOutputs(place, taken);
    return async () => {
      await holding.swap({ finish });
      return taken.map(idOf);
    };
  },
};

const takesTwice: Scenario = {
  what: 'takes, and asks again because the reply was lost',
  async prepare(place) {
    await place.send(3, 'back', 'again');
    const holding = await place.enter({}, await place.userLosingReplyTo('again'));
    return async () => {
      await holding.swap({ sources: ['again'], want: 2 });
      return nothing;
    };
  },
};

const finishes = (routing: boolean, someRefused: boolean): Scenario => ({
  what: `finishes${routing ? ' with outputs' : ''}${someRefused ? ', one of them in vain' : ''}, and takes`,
  async prepare(place) {
    const { holding, taken } = await holdingSome(place, { timeLimitMs: 60_000 });
    if (someRefused) await place.redis.hdel(place.keys.held(holding.id), taken[2]!.receipt);
    if (someRefused) place.sent.delete(idOf(taken[2]!));
    await place.send(2, 'back', 'b');
    const finish = routing ? withOutputs(place, taken) : taken.map((held) => ({ held, outputs: [] }));
    if (!routing) for (const held of taken) place.outputsOf.set(idOf(held), []); // its work is done
    return async () => {
      await holding.swap({ finish, sources: ['b'], want: 1 });
      return taken.map(idOf);
    };
  },
});

const adopts = (routing: boolean): Scenario => ({
  what: 'adopts what is in the inbox, abandons, finishes',
  async prepare(place) {
    const { holding, taken } = await came(place);
    const [first, second] = taken as [Held, Held];
    const finish = routing ? withOutputs(place, [first]) : [{ held: first, outputs: [] }];
    if (!routing) place.outputsOf.set(idOf(first), []);
    return async () => {
      await holding.swap({ abandon: [second], finish });
      return [idOf(first)];
    };
  },
});

const finds: Scenario = {
  what: 'hands over what is in the inbox unseen',
  async prepare(place) {
    const { holding } = await came(place, true);
    return async () => {
      await holding.block('a', 10).catch(() => undefined);
      await holding.swap({});
      return nothing;
    };
  },
};

const givesBack = (verdict: 'fail' | 'release', delayMs: number, maxAttempts: number): Scenario => ({
  what: `gives back: ${verdict}, after ${delayMs} ms, of ${maxAttempts} attempts`,
  async prepare(place) {
    const { holding, taken } = await holdingSome(place, { maxAttempts, timeLimitMs: 60_000 });
    return async () => {
      const items = taken.reverse().map((held) => ({ held, verdict, delayMs, error: { message: 'no' } }));
      await holding.giveBack(items);
      return nothing;
    };
  },
});

const reclaims = (maxAttempts: number, takesAhead = false): Scenario => ({
  what: `sweeps a holder that fell silent, with ${maxAttempts} attempts${takesAhead ? ', taking ahead' : ''}`,
  async prepare(place) {
    const { holding, taken } = await holdingSome(place, { maxAttempts, takesAhead });
    await place.send(1, 'back', 'a');
    await place.redis.lmove(place.keys.queue('a'), place.keys.inbox(holding.id, 'a'), 'RIGHT', 'LEFT');
    await place.redis.hset(place.keys.held(holding.id), '99/b', place.output('back', 'b').envelope);
    await place.admin.recovery.endLease(holding.id);
    return async () => {
      await place.user.recovery.sweep(maxAttempts);
      return nothing.concat(taken.slice(3).map(idOf));
    };
  },
});

const leaves: Scenario = {
  what: 'leaves with marbles in hand',
  async prepare(place) {
    const { holding } = await came(place);
    return async () => {
      await holding.leave();
      return nothing;
    };
  },
};

const isRelieved: Scenario = {
  what: 'is blocked, and what it has not begun goes back',
  async prepare(place) {
    const { holding, taken } = await came(place, true);
    const begun = taken[0]!.seq;
    const blocked = { begun, op: Number.MAX_SAFE_INTEGER, mayBeInInbox: true };
    return async () => {
      await releaseUnbegun(place.user, holding.id, blocked);
      return nothing;
    };
  },
};

const overdue = (maxAttempts: number): Scenario => ({
  what: `takes back what is over its time, of ${maxAttempts} attempts`,
  async prepare(place) {
    const { holding, taken } = await holdingSome(place, { maxAttempts, timeLimitMs: 60_000 });
    for (const { receipt } of taken) await place.redis.zadd(place.keys.deadlines, 1, `${holding.id} ${receipt}`);
    return async () => {
      await place.user.recovery.sweep(maxAttempts);
      return nothing;
    };
  },
});

const limits: Scenario = {
  what: 'takes what has a time limit of its own',
  async prepare(place) {
    await place.send(2, 'back', 'a', { timeLimitMs: 60_000 });
    await place.send(1, 'back', 'a', { timeLimitMs: 0 });
    const holding = await place.enter();
    return async () => {
      await holding.swap({ sources: ['a'], want: 3 });
      return nothing;
    };
  },
};

const begins: Scenario = {
  what: 'notes that work begins',
  async prepare(place) {
    const { holding, taken } = await holdingSome(place, { takesAhead: true });
    return async () => {
      const limits = [60_000, 0, undefined];
      await holding.begin(taken.map((held, i) => ({ held, timeLimitMs: limits[i], charge: 'alone' })));
      return nothing;
    };
  },
};

/** `queues`: those that the finished one sends to. */
const steps = (source: 'a' | 'empty', queues: readonly string[] = []): Scenario => ({
  what: `finishes one that sends ${queues.length} on, and takes ahead from ${source === 'a' ? 'a queue' : 'an empty queue'}`,
  async prepare(place) {
    await place.send(3, 'back', 'a');
    const holding = await place.enter();
    const { taken } = (await holding.swap({ sources: ['a'], want: 1 })) as { taken: Held[] };
    await holding.swap({ isAhead: true }); // says that it takes ahead
    const finish = withOutputs(place, taken, () => queues.map((to) => place.output('back', to)));
    return async () => {
      await holding.swap({ finish, sources: [source], want: 1, isAhead: true });
      return taken.map(idOf);
    };
  },
});

export const HOLDER_SCENARIOS = {
  step: [steps('a'), steps('empty')],
  stepRouting: [steps('a', ['backs', 'b', 'backs']), steps('empty', ['backs'])],
  swap: [takes, takesTwice, finishes(false, false), finishes(false, true), adopts(false), finds],
  swapRouting: [finishes(true, false), finishes(true, true), finishesTwice, adopts(true)],
  begin: [limits, begins],
  giveback: [
    givesBack('fail', 0, 3),
    givesBack('fail', 60_000, 3),
    givesBack('fail', 0, 1),
    givesBack('release', 0, 3),
  ],
  reclaim: [reclaims(3), reclaims(1), reclaims(3, true), leaves, isRelieved],
  overdue: [overdue(3), overdue(1)],
} as const;
