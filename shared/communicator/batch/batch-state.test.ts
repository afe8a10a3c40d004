import { expect, test } from '@jest/globals';
import { readAbout, readState, writeAbout, type BatchAbout } from './batch-state.js';

const about: BatchAbout = { name: 'import', onDead: 'wait', keepMs: 1000, elevated: 'wait' };

test.each<[string, BatchAbout]>([
  ['at its defaults', about],
  [
    'with all there is',
    { ...about, onDead: 'cancel', elevated: 'done', maxDead: '5%', then: { queue: 'q', digest: 'd' } },
  ],
])('settings %s are read as they were written', (_, settings) => {
  expect(readAbout(writeAbout(settings))).toEqual(settings);
});

test('settings take no room where they are the defaults, and the `then` behind them is not read as one', () => {
  expect(writeAbout(about)).toBe('{"name":"import","keepMs":1000}');
  expect(readAbout(`${writeAbout(about)}\n1 0 abc j\n{"name":"other"}`)).toEqual(about);
});

/** Values in the order of `lua/progress.lua`. */
function values(more: Partial<Record<string, string>>): (string | null)[] {
  const fields = [
    'left',
    'sent',
    'dead',
    'gone',
    'cancelled',
    'failed',
    'surplus',
    'sealed',
    'cancel',
    'done',
    'fired',
  ];
  return [...fields, 'since', 'parent', 'about'].map((name) => more[name] ?? null);
}
const open = { left: '1', since: '1700 token', about: writeAbout(about) };

test('an open batch has one more left than members, because more may come; a sealed one has as many', () => {
  expect(readState('b', 9, values(open))).toMatchObject({
    id: 'b',
    name: 'import',
    left: 0,
    sent: 0,
    sealed: false,
    at: 9,
  });
  expect(readState('b', 9, values({ ...open, left: '4', sent: '5' }))).toMatchObject({ left: 3, finished: 2 });
  expect(readState('b', 9, values({ ...open, left: '4', sent: '5', sealed: '1' }))).toMatchObject({
    left: 4,
    finished: 1,
  });
});

test('members that are neither left, dead, gone nor cancelled are finished', () => {
  const counts = { left: '2', sent: '20', dead: '3', gone: '4', cancelled: '5', sealed: '1' };
  expect(readState('b', 9, values({ ...open, ...counts }))).toMatchObject({
    ...{ left: 2, sent: 20, dead: 3, gone: 4, cancelledMembers: 5, finished: 6 },
  });
  expect(readState('b', 9, values({ ...open, ...counts, sent: '1' }))?.finished).toBe(0); // never less than none
});

test('what has happened to it is told by the fields that it has, with nothing where it has none', () => {
  const over = {
    sealed: '1',
    cancel: 'too many dead',
    done: '1800',
    fired: '1',
    parent: 'above',
    failed: '7',
    surplus: '1',
  };
  expect(readState('b', 9, values({ ...open, ...over }))).toMatchObject({
    ...{ sealed: true, cancelled: 'too many dead', doneAt: 1800, fired: true, parent: 'above', openedAt: 1700 },
    ...{ failedAttempts: 7, surplus: 1 },
  });
  expect(readState('b', 9, values(open))).toMatchObject({
    ...{ cancelled: undefined, doneAt: undefined, fired: false, parent: undefined, failedAttempts: 0, surplus: 0 },
  });
});

test('what has no members or no settings is no batch', () => {
  expect(readState('b', 9, values({}))).toBeUndefined();
  expect(readState('b', 9, [])).toBeUndefined();
  expect(readState('b', 9, values({ left: '1' }))).toBeUndefined();
});
