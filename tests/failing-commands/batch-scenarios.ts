/**
 * Scenarios for the scripts of batches that reach all their commands: opening, sealing, cancelling, looking,
 * forgetting.
 */
import { holdingAll, open, sealed, thenIn, unlooked } from './batch-place.js';
import { MEMBERS_SCRIPTS } from './member-scenarios.js';
import type { Scenario } from './scenario.js';

const nothing: readonly string[] = [];

const opens: Scenario = {
  what: 'opens a batch in another, and joins it',
  async prepare(place) {
    const parent = await open(place);
    await place.send(3, 'back', 'a');
    const about = { name: 'joined', onDead: 'wait', keepMs: 1000, elevated: 'wait' } as const;
    return async () => {
      const batch = { about: { ...about, then: { queue: 'thens', digest: '' } }, parent, then: thenIn(parent) };
      await place.user.batches.open(batch);
      await place.user.batches.open(batch);
      return nothing;
    };
  },
};

/** Seals a batch with `n` dead members; the seal makes known how many members there are. */
const seals = (n: number): Scenario => ({
  what: `seals a batch with ${n} dead`,
  async prepare(place) {
    const member = await open(place, { onDead: 'continue', maxDead: '10%' });
    await place.send(n, 'dead', 'a', { member });
    await place.send(3, 'back', 'b');
    return async () => {
      await place.user.batches.seal(member, n);
      return nothing;
    };
  },
});

const cancels: Scenario = {
  what: 'cancels a batch and the one in it, with delayed members',
  async prepare(place) {
    const parent = await open(place, { onDead: 'wait' });
    const member = await open(place, { onDead: 'wait' }, parent);
    const ids = await place.send(2, 'later', 'a', { member });
    for (const id of ids) place.outputsOf.set(id, []);
    await place.send(2, 'back', 'a', { member: parent });
    return async () => {
      await place.user.batches.cancel(parent, 'tested');
      return ids;
    };
  },
};

const cancelsEmpty: Scenario = {
  what: 'cancels a batch of which nothing is left',
  async prepare(place) {
    const member = await open(place, { onDead: 'wait' });
    await place.send(2, 'back', 'a');
    return async () => {
      await place.user.batches.cancel(member, 'tested');
      return nothing;
    };
  },
};

const looks: Scenario = {
  what: 'looks at a batch of which nothing is left',
  spoilsCounts: true,
  async prepare(place) {
    const member = await unlooked(place);
    const judged = await open(place, { onDead: 'cancel' });
    await place.redis.hset(place.keys.batches, `${judged} left`, 0, `${judged} dead`, 1);
    return async () => {
      await place.user.batches.states([member, judged]);
      return nothing;
    };
  },
};

const searches: Scenario = {
  what: 'looks for members of a batch that wait, are held and are delayed',
  async prepare(place) {
    const { member } = await holdingAll(place, 2);
    const other = await sealed(place, 1, 'later');
    await place.send(1, 'back', 'b');
    return async () => {
      await place.user.batchSearch.count([member, other.member], 100, new AbortController().signal);
      return nothing;
    };
  },
};

const forgets: Scenario = {
  what: 'forgets a batch, and keeps one that has dead members',
  async prepare(place) {
    const parent = await open(place);
    const over = await open(place, {}, parent);
    await place.admin.batches.seal(over);
    const { member } = await sealed(place, 1, 'dead');
    await place.redis.zadd(place.keys.batchends, 1, over, 1, member);
    return async () => {
      await place.user.batches.tidy();
      return nothing;
    };
  },
};

export const BATCH_SCENARIOS = {
  ...MEMBERS_SCRIPTS,
  open: [opens],
  seal: [seals(2), seals(0)],
  cancel: [cancels, cancelsEmpty],
  discard: [cancels],
  progress: [looks],
  forget: [forgets],
  present: [searches],
};
