/**
 * The checker must pass what is right, and catch each thing that could be wrong.
 */
import { expect, test } from '@jest/globals';
import { check, type Plan, type Remains } from './checker.js';
import type { Entry, Happening } from './history.js';

const PLAN: Plan = { outputs: { in: [{ q: 'out', end: '.0' }] }, ordered: ['line'], dropping: [], recoveryMs: 1000 };
const NAMES = Array.from({ length: 20 }, (_, i) => `m${i}`);

/** Twenty marbles through `in` to `out`, one elevated, one dead, three in order, one dropped and handed out again. */
function right(): { history: Entry[]; remains: Remains[] } {
  const run = 'node';
  const happenings: Happening[] = [];
  const send = (q: string, id: string, to = run) =>
    happenings.push({ e: 'send', run: to, q, id }, { e: 'sent', run: to, q, id });
  for (const id of NAMES) {
    send('in', id);
    happenings.push(
      { e: 'got', run, q: 'in', id, key: id, attempt: 1 },
      { e: 'finished', run, q: 'in', id, attempt: 1 },
    );
    const output = { run, q: 'out', id: `o-${id}` };
    happenings.push({ e: 'got', ...output, key: `${id}.0`, attempt: 1, by: { key: id, attempt: 1 } });
  }
  for (const id of ['1', '2', '3']) {
    send('line', id);
    happenings.push({ e: 'got', run, q: 'line', id, key: id, attempt: 1 });
    if (id !== '2') happenings.push({ e: 'finished', run, q: 'line', id, attempt: 1 });
  }
  happenings.push({ e: 'got', run, q: 'line', id: '2', key: '2', attempt: 2 });
  happenings.push({ e: 'finished', run, q: 'line', id: '2', attempt: 2 });
  send('up', 'e1', 'hub');
  happenings.push({ e: 'got', run: 'hub', q: 'up', id: 'e1', key: 'e1', attempt: 1 });
  send('in', 'poison');
  happenings.push({ e: 'got', run, q: 'in', id: 'poison', key: 'poison', attempt: 1 });
  happenings.push({ e: 'fault', kind: 'storm', until: 60_000, stops: true });
  const counts = {
    'in sent': 21,
    'in finished': 20,
    'out sent': 20,
    'out finished': 20,
    'line sent': 3,
    'line finished': 3,
  };
  const dead = [{ q: 'in', id: 'poison', why: 'failed' }];
  return {
    history: happenings.map((happening, i) => ({ t: i * 100, ...happening })),
    remains: [
      { run, counts, dead, waiting: [], left: [] },
      { run: 'hub', counts: { 'up sent': 1, 'up finished': 1 }, dead: [], waiting: [], left: [] },
    ],
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Game = ReturnType<typeof right>;
const rules = ({ history, remains }: Game) => check(history, remains, PLAN).map(({ rule }) => rule);
const side = (game: Game, i: number) => game.remains[i] as Mutable<Remains>;
const last = 1_000_000;

test('a right history has no violations', () => {
  const { history, remains } = right();
  expect(check(history, remains, PLAN)).toEqual([]);
});

const SEEDED: Record<string, { caught: string; seed: (game: Game) => void }> = {
  'an acknowledged marble that was never seen again': {
    caught: 'lost',
    seed: ({ history }) => history.push({ t: last, e: 'sent', run: 'node', q: 'in', id: 'gone' }),
  },
  'a marble that was seen, and went without a finish': {
    caught: 'count',
    seed: (game) => (side(game, 0).counts = { ...game.remains[0]!.counts, 'in finished': 19 }),
  },
  'a marble that was handed out again although its finish was taken': {
    caught: 'double',
    seed: ({ history }) => history.push({ t: last, e: 'got', run: 'node', q: 'in', id: 'm3', key: 'm3', attempt: 2 }),
  },
  'two finishes of one marble': {
    caught: 'double',
    seed: ({ history }) => history.push({ t: last, e: 'finished', run: 'node', q: 'in', id: 'm3', attempt: 1 }),
  },
  'outputs of a delivery that was taken back': {
    caught: 'double',
    seed: (game) => {
      game.history = game.history.filter((entry) => !(entry.e === 'finished' && entry.id === 'm4'));
      game.history.push({ t: last, e: 'got', run: 'node', q: 'in', id: 'm4', key: 'm4', attempt: 2 });
    },
  },
  'an output that exists twice': {
    caught: 'output',
    seed: ({ history }) =>
      history.push({ t: last, e: 'got', run: 'node', q: 'out', id: 'other', key: 'm5.0', attempt: 1 }),
  },
  'an output that is missing': {
    caught: 'output',
    seed: (game) => (game.history = game.history.filter((entry) => !(entry.e === 'got' && entry.id === 'o-m6'))),
  },
  'an elevated marble that arrived twice': {
    caught: 'count',
    seed: (game) => (side(game, 1).counts = { 'up sent': 2, 'up finished': 2 }),
  },
  'an elevated marble that did not arrive': {
    caught: 'lost',
    seed: (game) => {
      game.history = game.history.filter((entry) => !(entry.e === 'got' && entry.id === 'e1'));
      side(game, 1).counts = {};
    },
  },
  'marbles that were handed out in another order than they were sent': {
    caught: 'order',
    seed: ({ history }) => {
      history.push({ t: last, e: 'sent', run: 'node', q: 'line', id: '9' });
      history.push({ t: last, e: 'sent', run: 'node', q: 'line', id: '8' });
      history.push({ t: last, e: 'got', run: 'node', q: 'line', id: '9', key: '9', attempt: 1 });
      history.push({ t: last, e: 'got', run: 'node', q: 'line', id: '8', key: '8', attempt: 1 });
    },
  },
  'the same by a taker that had been there before': {
    caught: 'order',
    seed: ({ history }) => {
      const line = { run: 'node', q: 'line', from: 'taker' } as const;
      history.push(
        { t: last, e: 'sent', run: 'node', q: 'line', id: '7' },
        { t: last, e: 'got', ...line, id: '7', key: '7', attempt: 1 },
      );
      for (const id of ['8', '9']) history.push({ t: last + 1, e: 'sent', run: 'node', q: 'line', id });
      for (const id of ['9', '8']) history.push({ t: last + 2, e: 'got', ...line, id, key: id, attempt: 1 });
    },
  },
  'a holder that was brought back late, with nothing in the way': {
    caught: 'late',
    seed: ({ history }) => history.push({ t: 62_000, e: 'late', run: 'node', holder: 'h', since: 60_500 }),
  },
  'a key that is left behind': { caught: 'left', seed: (game) => (side(game, 0).left = ['mr:{node}:held:h']) },
  'a marble that still waits after draining': {
    caught: 'stuck',
    seed: (game) => (side(game, 0).waiting = [{ q: 'in', id: 'm7' }]),
  },
  'a dead letter without a reason': {
    caught: 'reason',
    seed: (game) => (side(game, 0).dead = [{ q: 'in', id: 'poison', why: '' }]),
  },
  'a worker that gave up': {
    caught: 'trouble',
    seed: ({ history }) => history.push({ t: last, e: 'trouble', who: 'worker', what: 'stopped' }),
  },
  'a run in which nothing happened': {
    caught: 'idle',
    seed: (game) => (game.history = game.history.filter(({ e }) => e !== 'finished')),
  },
};

for (const [name, { caught, seed }] of Object.entries(SEEDED)) {
  test(`caught: ${name}`, () => {
    const game = right();
    seed(game);
    expect(rules(game)).toContain(caught);
  });
}

test('a marble that a killed taker may have had in its inbox comes later to the next one, and out of order', () => {
  const game = right();
  const line = { run: 'node', q: 'line' } as const;
  for (const id of ['8', '9']) game.history.push({ t: last, e: 'sent', ...line, id });
  for (const id of ['9', '8'])
    game.history.push({ t: last + 1, e: 'got', ...line, from: 'next', id, key: id, attempt: 1 });
  expect(rules(game)).not.toContain('order');
});

test('the attempts of a dead letter that was requeued begin anew, and it is finished once all the same', () => {
  const game = right();
  const m3 = { run: 'node', q: 'in', id: 'm3' };
  game.history.push({ t: last, e: 'got', ...m3, key: 'm3', attempt: 2 });
  expect(rules(game)).toContain('double');
  game.history = game.history.filter((one) => !(one.e === 'got' && one.by?.key === 'm3')); // else its output tells too
  game.history.push({ t: last, e: 'settle', ...m3 });
  expect(rules(game)).not.toContain('double');
  game.history.push({ t: last, e: 'finished', ...m3, attempt: 1 });
  expect(rules(game)).toContain('double');
});

test('a `then` that was asked for again is sent and finished once more, and not twice more', () => {
  const game = right();
  const e1 = { run: 'hub', q: 'up', id: 'e1' };
  const again = () => game.history.push({ t: last, e: 'finished', ...e1, attempt: 1 });
  again();
  again();
  side(game, 1).counts = { 'up sent': 2, 'up finished': 2 };
  expect(rules(game)).toEqual(expect.arrayContaining(['double', 'count']));
  game.history.push({ t: last, e: 'refire', ...e1, of: 'batch' });
  expect(rules(game)).toEqual([]);
  again();
  side(game, 1).counts = { 'up sent': 3, 'up finished': 3 };
  expect(rules(game)).toEqual(expect.arrayContaining(['double', 'count']));
});

test('only where a batch may be cancelled a marble may go without being seen, and without a finish nowhere', () => {
  const game = right();
  game.history.push({ t: last, e: 'sent', run: 'node', q: 'in', id: 'gone' });
  side(game, 0).counts = { ...game.remains[0]!.counts, 'in sent': 22, 'in finished': 21 };
  const dropping = () => check(game.history, game.remains, { ...PLAN, dropping: ['in'] }).map(({ rule }) => rule);
  expect(rules(game)).toEqual(['lost', 'count']);
  expect(dropping()).toEqual([]);
  side(game, 0).counts = { ...game.remains[0]!.counts, 'in finished': 20 };
  expect(dropping()).toEqual(['count']);
});

test('a holder that a fault kept from being brought back is not late', () => {
  const game = right();
  game.history.push({ t: 62_000, e: 'late', run: 'node', holder: 'h', since: 20_000 });
  expect(rules(game)).toContain('late');
  game.history.push({ t: 20_000, e: 'fault', kind: 'storm', until: 61_500, stops: true });
  expect(rules(game)).not.toContain('late');
});
