/**
 * The checker of the guarded part must allow what a failover may take back, and nothing else.
 */
import { expect, test } from '@jest/globals';
import type { Remains } from '../checker.js';
import type { Entry, Happening } from '../history.js';
import { checkGuarded } from './checker.js';
import { FAILOVER, LAG_MS, RUN } from './plan.js';

const IDS = Array.from({ length: 20 }, (_, i) => `m${i}`);
const STRIKE = 100_000;
const WHOLE = 105_000;
const marble = (id: string) => ({ run: RUN, q: 'plain', id });

/** Twenty marbles sent, worked on and finished, a second each; then a failover. */
function right(): { history: Entry[]; left: Remains } {
  const history: Entry[] = IDS.flatMap((id, i) => {
    const happenings: Happening[] = [
      { e: 'send', ...marble(id) },
      { e: 'sent', ...marble(id) },
      { e: 'got', ...marble(id), key: id, attempt: 1 },
      { e: 'worked', ...marble(id), attempt: 1 },
      { e: 'finished', ...marble(id), attempt: 1 },
    ];
    return happenings.map((happening) => ({ t: i * 1000, ...happening }));
  });
  history.push({ t: STRIKE, e: 'fault', kind: `${FAILOVER}, asked for`, until: WHOLE, stops: true });
  const counts = { 'plain sent': 20, 'plain finished': 20 };
  return { history, left: { run: RUN, counts, waiting: [], dead: [], left: [] } };
}

const rules = ({ history, left }: ReturnType<typeof right>) =>
  checkGuarded(history, left, 1000).map(({ rule }) => rule);

/** `m` is sent, worked on and finished at `t`, and handed out and finished again after the failover. */
function twice(t: number, attempt = 1): ReturnType<typeof right> {
  const game = right();
  const happenings: Happening[] = [
    { e: 'sent', ...marble('m') },
    { e: 'worked', ...marble('m'), attempt: 1 },
    { e: 'finished', ...marble('m'), attempt: 1 },
  ];
  game.history.push(...happenings.map((happening) => ({ t, ...happening })));
  game.history.push({ t: WHOLE, e: 'got', ...marble('m'), key: 'm', attempt });
  return { ...game, left: { ...game.left, counts: { 'plain sent': 21, 'plain finished': 21 } } };
}

test('a right history has no violations', () => {
  const { history, left } = right();
  expect(checkGuarded(history, left, 1000)).toEqual([]);
});

test('a finish shortly before a failover or within it may be taken back, an earlier or a later one may not', () => {
  expect(rules(twice(STRIKE - LAG_MS))).toEqual([]);
  expect(rules(twice(WHOLE))).toEqual([]);
  expect(rules(twice(STRIKE - LAG_MS - 1))).toEqual(['double']);
  const { history, left } = twice(WHOLE + 1);
  const again = history.at(-1) as Entry;
  expect(rules({ history: [...history.slice(0, -1), { ...again, t: WHOLE + 2 }], left })).toEqual(['double']);
});

test('caught: two finishes without a failover between them', () => {
  const game = right();
  game.history.push({ t: STRIKE - 2 * LAG_MS, e: 'finished', ...marble('m3'), attempt: 2 });
  expect(rules(game)).toEqual(['double']);
});

test('a delivery of an attempt before the one that was finished is only written down late', () => {
  const game = right();
  game.history.push({ t: 50_000, e: 'finished', ...marble('m'), attempt: 2 });
  game.history.push({ t: 50_001, e: 'got', ...marble('m'), key: 'm', attempt: 1 });
  expect(rules(game)).toEqual([]);
});

test('caught: an acknowledged marble of which a delivery was given up, and which never came back', () => {
  const game = right();
  game.history.push({ t: 99_000, e: 'sent', ...marble('gone') });
  game.history.push({ t: 99_001, e: 'got', ...marble('gone'), key: 'gone', attempt: 1 });
  expect(rules(game)).toEqual(['lost']);
});

test('a marble that too few replicas acknowledged may be lost', () => {
  const game = right();
  game.history.push({ t: 99_000, e: 'send', ...marble('gone') }, { t: 99_500, e: 'unsure', ...marble('gone') });
  expect(rules(game)).toEqual([]);
});

test('caught: a finish that counted for a marble that was not held, and a marble that went without one', () => {
  for (const finished of [21, 19]) {
    const { history, left } = right();
    const counts = { 'plain sent': 20, 'plain finished': finished };
    expect(rules({ history, left: { ...left, counts } })).toEqual(['count']);
  }
});
