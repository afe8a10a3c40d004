/**
 * Scenarios for scripts that handle members of batches, reaching all their commands. Each member is the last of its
 * batch, so its end sends `then`.
 */
import type { Held } from '@marblerun/internal';
import type { BatchAbout } from 'marblerun/communicator';
import { holdingAll, open, sealed } from './batch-place.js';
import type { Scenario } from './scenario.js';

const nothing: readonly string[] = [];
const idOf = ({ envelope }: Held) => envelope.id;

const sends: Scenario = {
  what: 'sends members of every kind',
  async prepare(place) {
    const member = await open(place);
    return async () => {
      const kinds = ['back', 'front', 'up', 'later', 'dead'] as const;
      const outputs = kinds.map((kind) => place.output(kind, 'a', { member }));
      await place.user.push(outputs);
      for (const { id } of outputs) place.sent.add(id);
      return nothing;
    };
  },
};

/** Finishes members with outputs of every kind, one of which dies at once. */
const finishes = (routing: boolean, refused: boolean): Scenario => ({
  what: `finishes members${routing ? ' with outputs' : ''}${refused ? ', one of them in vain' : ''}, and takes`,
  ...(refused && { spoilsCounts: true }),
  async prepare(place) {
    const { member, holding, taken } = await holdingAll(place, 3);
    if (refused) await place.redis.hdel(place.keys.held(holding.id), taken[2]!.receipt);
    if (refused) place.sent.delete(idOf(taken[2]!));
    await place.send(2, 'back', 'b');
    const kinds = routing ? (['back', 'front', 'up', 'later', 'dead'] as const) : [];
    const finish = taken.map((held) => {
      const outputs = kinds.map((kind) => place.output(kind, `${kind}s`, { member }));
      const ids = outputs.map(({ id }) => id);
      place.outputsOf.set(idOf(held), ids);
      return { held, outputs };
    });
    return async () => {
      await holding.swap({ finish, sources: ['b'], want: 1 });
      return taken.map(idOf);
    };
  },
});

const finishesLast: Scenario = {
  what: 'finishes the last member of a batch that sends nothing, in another',
  async prepare(place) {
    const { holding, taken } = await holdingAll(place, 1, { then: undefined });
    for (const held of taken) place.outputsOf.set(idOf(held), []);
    return async () => {
      await holding.swap({ finish: taken.map((held) => ({ held, outputs: [] })) });
      return taken.map(idOf);
    };
  },
};

const asksAgain = (routing: boolean): Scenario => ({
  what: 'finishes a member and takes, and asks again because the reply was lost',
  async prepare(place) {
    const { member } = await sealed(place, 1);
    await place.send(2, 'back', 'b');
    const holding = await place.enter({ timeLimitMs: 60_000 }, await place.userLosingReplyTo('thens'));
    const { taken } = (await holding.swap({ sources: ['a'], want: 1 })) as { taken: Held[] };
    const outputs = routing ? [place.output('back', 'backs', { member })] : [];
    const finish = taken.map((held) => ({ held, outputs }));
    place.outputsOf.set(
      idOf(taken[0]!),
      outputs.map(({ id }) => id),
    );
    return async () => {
      await holding.swap({ finish, sources: ['b', 'thens'], want: 2, waitOn: 'a' });
      return taken.map(idOf);
    };
  },
});

const adopts = (routing: boolean): Scenario => ({
  what: 'adopts what is in the inbox, abandons, finishes members',
  async prepare(place) {
    const { member, holding, taken } = await holdingAll(place, 2);
    await holding.swap({ waitOn: 'b' });
    const waiting = holding.block('b', 5000);
    await place.send(1, 'back', 'b');
    await waiting;
    const [first, second] = taken as [Held, Held];
    const outputs = routing ? [place.output('back', 'backs', { member })] : [];
    place.outputsOf.set(
      idOf(first),
      outputs.map(({ id }) => id),
    );
    return async () => {
      await holding.swap({ abandon: [second], finish: [{ held: first, outputs }], waitOn: 'a' });
      return [idOf(first)];
    };
  },
});

const givesBack = (verdict: 'fail' | 'cancel'): Scenario => ({
  what: `gives members back: ${verdict}`,
  async prepare(place) {
    const { member, holding, taken } = await holdingAll(place, 2);
    if (verdict === 'cancel') await place.admin.batches.cancel(member, 'tested');
    if (verdict === 'cancel') for (const held of taken) place.outputsOf.set(idOf(held), []);
    return async () => {
      await holding.giveBack(taken.reverse().map((held) => ({ held, verdict, delayMs: 0, error: { message: 'no' } })));
      return verdict === 'cancel' ? taken.map(idOf) : nothing;
    };
  },
});

const reclaims: Scenario = {
  what: 'sweeps a holder that fell silent with members',
  async prepare(place) {
    const { holding } = await holdingAll(place, 2);
    await place.admin.recovery.endLease(holding.id);
    return async () => {
      await place.user.recovery.sweep(1);
      return nothing;
    };
  },
};

const overdue: Scenario = {
  what: 'takes back members that are over their time',
  async prepare(place) {
    const { holding, taken } = await holdingAll(place, 2);
    for (const { receipt } of taken) await place.redis.zadd(place.keys.deadlines, 1, `${holding.id} ${receipt}`);
    return async () => {
      await place.user.recovery.sweep(1);
      return nothing;
    };
  },
};

const pops: Scenario = {
  what: 'pops members',
  async prepare(place) {
    const { ids } = await sealed(place, 3);
    return async () => {
      const popped = await place.user.pop(['a', 'b'], 5);
      return popped.length === 3 ? popped.map(({ envelope }) => envelope.id) : ids;
    };
  },
};

const destroys: Scenario = {
  what: 'destroys a queue with members of two batches',
  async prepare(place) {
    const { ids } = await sealed(place, 3);
    ids.push(...(await sealed(place, 1)).ids);
    for (const id of ids) place.outputsOf.set(id, []); // a person wants them gone
    return async () => {
      await place.user.destroy('a');
      return ids;
    };
  },
};

const settles = (what: 'requeue' | 'delete', onDead: BatchAbout['onDead']): Scenario => ({
  what: `settles members of a batch that would ${onDead}: ${what}`,
  async prepare(place) {
    const { ids } = await sealed(place, 2, 'dead', { onDead });
    if (what === 'delete') for (const id of ids) place.outputsOf.set(id, []);
    return async () => {
      await (what === 'delete' ? place.user.deadLetters.removeAll() : place.user.deadLetters.requeueAll());
      return what === 'delete' ? ids : nothing;
    };
  },
});

const expires: Scenario = {
  what: 'removes the dead of a batch that waits for them',
  async prepare(place) {
    const { ids } = await sealed(place, 2, 'dead', { onDead: 'wait' });
    for (const id of ids) place.outputsOf.set(id, []);
    await place.send(1, 'dead', 'b');
    return async () => {
      await place.user.deadLetters.expire(1, 0);
      return ids;
    };
  },
};

const movesToDead: Scenario = {
  what: 'moves members of a list of no allowed name to the dead',
  async prepare(place) {
    await sealed(place, 2);
    await place.redis.rename(place.keys.queue('a'), place.keys.queue('a b'));
    return async () => {
      await place.user.recovery.findOrphans();
      return nothing;
    };
  },
};

const promotes: Scenario = {
  what: 'moves a delayed member that has no allowed queue to the dead',
  async prepare(place) {
    const member = await open(place, {});
    const { id, envelope } = place.output('later', 'a', { member });
    await place.redis.zadd(place.keys.later, 1, `000000000000001 b no{queue ${envelope.toString()}`);
    await place.redis.hincrby(place.keys.batches, `${member} left`, 1);
    await place.admin.batches.seal(member);
    place.sent.add(id);
    return async () => {
      await place.user.recovery.promote();
      return nothing;
    };
  },
};

export const MEMBERS_SCRIPTS = {
  pushMembers: [sends],
  swapMembers: [finishesLast, finishes(false, false), finishes(false, true), adopts(false), asksAgain(false)],
  swapMembersRouting: [finishes(true, false), finishes(true, true), adopts(true), asksAgain(true)],
};

/** Scenarios for scripts that also move marbles which are not members. */
export const MEMBER_SCENARIOS = {
  giveback: [givesBack('fail'), givesBack('cancel')],
  reclaim: [reclaims],
  overdue: [overdue],
  pop: [pops],
  destroy: [destroys],
  strays: [movesToDead],
  promote: [promotes],
  settle: [settles('requeue', 'continue'), settles('requeue', 'cancel'), settles('delete', 'wait')],
  expire: [expires],
};
