/**
 * The checker of batches must pass a right history, and catch each promise that is broken.
 */
import { expect, test } from '@jest/globals';
import type { Remains } from '../checker.js';
import type { Entry, Happening } from '../history.js';
import { checkBatches } from './checker.js';
import type { BatchSeen } from './recount.js';

const run = 'node';
const QUEUES = { queues: ['in', 'join'], elevated: ['peak'] };
const OUTER = 'outer';
const NAMES = ['a', 'b', 'c', 'd', 'e'];

interface Game {
  readonly happenings: Happening[];
  readonly batches: Map<string, BatchSeen>;
  readonly counts: Map<string, number>;
}

/** Five batches in another, each with two members and a `then` of its own; of the first one member died and was removed. */
function right(): Game {
  const happenings: Happening[] = [{ e: 'opened', run, batch: OUTER, id: 'id-outer' }];
  const batches = new Map([[OUTER, batch(OUTER, { sent: 10 })]]);
  const works = (marble: { q: string; id: string; batch: string; of?: string }) =>
    happenings.push(
      { e: 'got', run, key: marble.id, attempt: 1, ...marble },
      { e: 'finished', run, q: marble.q, id: marble.id, attempt: 1 },
    );
  for (const name of NAMES) {
    const [first, second] = [`${name}1`, `${name}2`];
    happenings.push({ e: 'recount', run, batches: 1, alive: 0, dead: 0 });
    happenings.push({ e: 'opened', run, batch: name, id: `id-${name}` });
    for (const id of [first, second]) happenings.push({ e: 'sent', run, q: 'in', id, batch: name });
    happenings.push({ e: 'sealed', run, batch: name, id: `id-${name}` });
    works({ q: 'in', id: first, batch: name });
    if (name === 'a') happenings.push({ e: 'settle', run, q: 'in', id: second, batch: name });
    else works({ q: 'in', id: second, batch: name });
    works({ q: 'join', id: `id-${name}.then`, batch: OUTER, of: name });
    batches.set(name, batch(name, { parent: 'id-outer', then: 'join', sent: 2, gone: name === 'a' ? 1 : 0 }));
  }
  happenings.push({ e: 'got', run, q: 'thens', id: 'id-outer.then', key: OUTER, attempt: 1, of: OUTER });
  const counts = { 'in sent': 10, 'join sent': 5, 'in finished': 9, 'join finished': 5, 'in deleted': 1 };
  return { happenings, batches, counts: new Map(Object.entries(counts)) };
}

const batch = (name: string, more: Partial<BatchSeen>): BatchSeen => ({
  ...{ id: `id-${name}`, name, onDead: 'wait', maxDead: undefined, parent: undefined, then: 'thens' },
  ...{ left: 0, sent: 0, dead: 0, gone: 0, dropped: 0, surplus: 0 },
  ...{ sealed: true, cancelled: false, done: true, fired: true },
  ...more,
});

function violations({ happenings, batches, counts }: Game, dead: Remains['dead'] = []): string[] {
  const history = happenings.map((happening, i): Entry => ({ t: i * 100, ...happening }));
  const all = [...batches.values()];
  const inner = all.filter(({ parent }) => parent !== undefined);
  const remains: Remains = {
    ...{ run, counts: {}, waiting: [], left: [], dead },
    batches: {
      batches: all,
      alive: new Map(),
      letters: new Map(all.map(({ id, dead }) => [id, dead])),
      listedDead: new Map(all.map(({ id, dead }) => [id, dead])),
      children: inner.map(({ id, parent }) => `${parent} ${id}`),
      cancelled: [],
      open: all.filter(({ done }) => !done).map(({ id }) => id),
      counts,
    },
  };
  return checkBatches(history, remains, QUEUES).map(({ rule, what }) => `${rule}: ${what}`);
}

const change = (game: Game, name: string, more: Partial<BatchSeen>) =>
  game.batches.set(name, { ...game.batches.get(name)!, ...more });
const without = (game: Game, is: (happening: Happening) => boolean) => {
  const kept = game.happenings.filter((happening) => !is(happening));
  game.happenings.splice(0, Infinity, ...kept);
};
const isThenOf = (name: string) => (happening: Happening) => happening.e === 'got' && happening.of === name;
const late = (game: Game, ...happenings: Happening[]) => game.happenings.push(...happenings);
const gotB = { e: 'got', run, q: 'in', id: 'b1', key: 'b1', batch: 'b' } as const;

test('a right history has no violations', () => {
  expect(violations(right())).toEqual([]);
});

const SEEDED: Record<string, { caught: RegExp; seed: (game: Game) => void }> = {
  'a wrong number at a moment of the run': {
    caught: /^recount: at \d+: left is 2/m,
    seed: (game) => late(game, { e: 'miscount', run, what: 'left is 2, and 1' }),
  },
  'a wrong number at the end': {
    caught: /^recount: batch b: surplus is 1/m,
    seed: (game) => change(game, 'b', { surplus: 1 }),
  },
  'sums that are not those of the queues': {
    caught: /^recount: all batches together: sent/m,
    seed: ({ counts }) => counts.set('in sent', 9),
  },
  'an acknowledged send that was not counted': {
    caught: /^acknowledged: batch b: 2 sends/m,
    seed: (game) => change(game, 'b', { sent: 1 }),
  },
  'a send that was counted twice': {
    caught: /^recount: batch b: sent has 3 marbles, known by name are 2 to 2/m,
    seed: (game) => change(game, 'b', { sent: 3 }),
  },
  'a finish that was acknowledged and not counted': {
    caught: /^recount: batch b: 2 finishes were acknowledged, its numbers have 1/m,
    seed: (game) => change(game, 'b', { gone: 1 }),
  },
  'a sealed batch that is never complete': {
    caught: /^incomplete: batch b/m,
    seed: (game) => change(game, 'b', { done: false }),
  },
  'a batch that was opened and is not there': {
    caught: /^lost: batch x/m,
    seed: (game) => late(game, { e: 'opened', run, batch: 'x', id: 'id-x' }),
  },
  'a seal that is gone': { caught: /^lost: batch b: its seal/m, seed: (game) => change(game, 'b', { sealed: false }) },
  'a cancel that is gone': {
    caught: /^lost: batch b: its cancel/m,
    seed: (game) => late(game, { e: 'cancelled', run, batch: 'b', id: 'id-b' }),
  },
  'a `then` that never came': { caught: /^then: batch b .*never came/m, seed: (game) => without(game, isThenOf('b')) },
  'a `then` with another id': {
    caught: /^then: batch b .*other/m,
    seed: (game) => late(game, { e: 'got', run, q: 'join', id: 'other', key: 'b', attempt: 1, batch: OUTER, of: 'b' }),
  },
  'a `then` before the last member was begun': {
    caught: /^then: batch b: .*node in b1/m,
    seed: (game) => {
      without(game, (happening) => happening.e === 'got' && happening.id === 'b1');
      late(game, { ...gotB, attempt: 1 });
    },
  },
  'a `then` before the attempt that was finished': {
    caught: /^then: batch b: .*node in b1/m,
    seed: (game) => {
      without(game, (happening) => happening.e === 'finished' && happening.id === 'b1');
      late(game, { ...gotB, attempt: 2 });
    },
  },
  'a `then` of a batch that is not complete': {
    caught: /^then: batch b is not complete, and its then came/m,
    seed: (game) => change(game, 'b', { done: false }),
  },
  'a run in which hardly any batch is complete': {
    caught: /^idle: only 4 batches/m,
    seed: ({ batches }) => ['d', 'e'].forEach((name) => batches.delete(name)),
  },
  'a run in which nobody looked': {
    caught: /^idle: batches were recounted only 0 times/m,
    seed: (game) => without(game, ({ e }) => e === 'recount'),
  },
};

for (const [name, { caught, seed }] of Object.entries(SEEDED)) {
  test(`caught: ${name}`, () => {
    const game = right();
    seed(game);
    expect(violations(game).join('\n')).toMatch(caught);
  });
}

test('what a cancel dropped may have been seen by nobody, and its `then` may be dropped by the cancel of the batch above', () => {
  const game = right();
  change(game, OUTER, { cancelled: true, dropped: 1 });
  change(game, 'b', { cancelled: true, sent: 4, dropped: 2 });
  game.counts.set('in sent', 12).set('in finished', 11);
  without(game, (happening) => 'id' in happening && happening.id === 'id-b.then');
  expect(violations(game)).toEqual([]);
  change(game, OUTER, { cancelled: false, dropped: 0 });
  expect(violations(game).join('\n')).toMatch(/^then: batch b .*never came/m);
});

test('of a batch that was opened again members come after its `then`, which may come again where that was asked for', () => {
  const game = right();
  late(
    game,
    { e: 'reopen', run, batch: 'b', id: 'id-b' },
    { e: 'refire', run, q: 'join', id: 'id-b.then', of: 'b' },
    { e: 'settle', run, q: 'in', id: 'b3', batch: 'b' },
    { e: 'got', run, q: 'in', id: 'b3', key: 'b3', attempt: 1, batch: 'b' },
    { e: 'finished', run, q: 'in', id: 'b3', attempt: 1 },
  );
  change(game, 'b', { sent: 3 });
  change(game, OUTER, { sent: 11 });
  game.counts.set('in sent', 11).set('in finished', 10).set('join sent', 6).set('join finished', 6);
  expect(violations(game)).toEqual([]);
});

test('a delivery that was written late, of a member that is dead, is none that came after `then`', () => {
  const game = right();
  late(game, { e: 'got', run, q: 'in', id: 'd3', key: 'd3', attempt: 1, batch: 'd' });
  change(game, 'd', { sent: 3, dead: 1, onDead: 'continue' });
  game.counts.set('in sent', 11);
  expect(violations(game, [{ q: 'in', id: 'd3', why: 'dropped', member: 'id-d' }])).toEqual([]);
  expect(violations(game).join('\n')).toMatch(/^then: batch d: .*node in d3/m);
});
