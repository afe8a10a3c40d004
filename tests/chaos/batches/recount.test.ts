/**
 * The recount must pass what is right at one moment, and catch each number that is not.
 */
import { expect, test } from '@jest/globals';
import { misled, recount, sums, type BatchSeen, type BatchesSeen } from './recount.js';

const QUEUES = { queues: ['in', 'join'], elevated: ['up'] };

const batch = (id: string, more: Partial<BatchSeen> = {}): BatchSeen => ({
  ...{ id, name: `name ${id}`, onDead: 'wait', maxDead: undefined, parent: undefined, then: 'thens' },
  ...{ left: 0, sent: 0, dead: 0, gone: 0, dropped: 0, surplus: 0 },
  ...{ sealed: false, cancelled: false, done: false, fired: false },
  ...more,
});

/** One that is open with one in it that is complete, one that waits for its dead, one cancelled. */
function right(): BatchesSeen {
  return {
    batches: [
      batch('open', { left: 3, sent: 4 }), // two are alive, one finished; one is a batch
      batch('inner', { sealed: true, done: true, fired: true, parent: 'open', sent: 2, dead: 1, onDead: 'continue' }),
      batch('waits', { sealed: true, sent: 3, dead: 1, gone: 1 }),
      batch('cancelled', { sealed: true, cancelled: true, sent: 5, dropped: 2, dead: 1, left: 1 }),
    ],
    alive: new Map(Object.entries({ open: 2, cancelled: 1 })),
    letters: new Map(Object.entries({ inner: 1, waits: 1, cancelled: 1 })),
    listedDead: new Map(Object.entries({ inner: 1, waits: 1, cancelled: 1 })),
    children: ['open inner'],
    cancelled: ['cancelled'],
    open: ['open', 'waits', 'cancelled'],
    counts: new Map(
      Object.entries({ 'in sent': 11, 'join sent': 1, 'up elevated': 1, 'in finished': 5, 'in deleted': 1 }),
    ),
  };
}

/** The same with one batch changed. */
const but = (id: string, change: Partial<BatchSeen>): BatchesSeen => {
  const seen = right();
  return { ...seen, batches: seen.batches.map((one) => (one.id === id ? { ...one, ...change } : one)) };
};

test('what is right is passed', () => {
  expect(recount(but('waits', { maxDead: '34%' }))).toEqual([]);
  expect([...recount(right()), ...sums(right(), QUEUES)]).toEqual([]);
  expect(recount({ ...right(), batches: [], children: [], cancelled: [], open: [] })).toEqual([]);
});

test.each([
  ['left is one too many', 'left is 4, and 3', but('open', { left: 4 })],
  ['left is one too few', 'left is 0, and 1', but('cancelled', { left: 0 })],
  ['a seal is not booked', 'left is 0, and 1', but('waits', { sealed: false, onDead: 'continue' })],
  ['a batch in it is not left', 'left is 3, and 4', but('inner', { done: false })],
  ['dead', 'dead is 2, and 1', but('waits', { dead: 2 })],
  ['a dead one that is not listed', 'listed is 0, and 1', { ...right(), listedDead: new Map([['waits', 1]]) }],
  ['more ends than there were', 'surplus is 1, and 0', but('open', { surplus: 1 })],
  ['complete with members left', 'done is true, and false', but('cancelled', { done: true })],
  ['complete although it waits for its dead', 'done is true, and false', but('waits', { done: true })],
  ['not complete with nothing left', 'done is false, and true', but('waits', { onDead: 'continue' })],
  ['cancelled and not sealed', 'it is cancelled and not sealed', but('cancelled', { sealed: false })],
  ['a dead one too many', '1 are dead, and it is not cancelled', but('waits', { onDead: 'cancel' })],
  ['more dead than a number', '1 are dead, and it is not cancelled', but('waits', { maxDead: 0 })],
  ['more dead than a share', '1 are dead, and it is not cancelled', but('waits', { maxDead: '30%' })],
  ['not listed as open', 'waits is open, and is not listed', { ...right(), open: ['open', 'cancelled'] }],
  ['listed as cancelled', 'waits is listed as cancelled', { ...right(), cancelled: ['cancelled', 'waits'] }],
  ['not listed as in another', 'open inner is in another, and is not listed', { ...right(), children: [] }],
])('caught: %s', (_, words, seen) => {
  expect(recount(seen).join('\n')).toContain(words);
});

test.each([
  ['sent', but('waits', { sent: 4, gone: 2 }), ['sent is 15, and 14', 'gone is 2, and 1']],
  ['one that was finished', but('waits', { left: 1 }), ['finished or dropped is 6, and 7']],
])('caught in the sums: %s', (_, seen, words) => {
  for (const some of words) expect(sums(seen, QUEUES).join('\n')).toContain(some);
});

test('what a script that failed half-way may leave is passed: marbles that are there twice, and are counted once', () => {
  expect(misled(right())).toEqual([]);
  expect(misled(but('open', { left: 2 }))).toEqual([]);
  expect(misled(but('waits', { dead: 0 }))).toEqual([]);
});

test.each([
  ['that waits for members that are not there', 'left is 4, and 3', but('open', { left: 4 })],
  ['that waits for dead ones that are not there', 'dead is 2, and 1', but('waits', { dead: 2 })],
  ['of which nothing is left', 'inner is not complete, and nothing is left', but('inner', { done: false })],
  [
    'that does not wait for one in it',
    'left is 0, and 2 by the batches in it',
    {
      ...right(),
      batches: right().batches.map((one) => (one.id === 'open' ? { ...one, left: 0 } : { ...one, done: false })),
    },
  ],
  ['that is cancelled and still open', 'cancelled and not sealed', but('cancelled', { sealed: false, left: 2 })],
  ['whose members nobody could work on', 'listed as cancelled, and is not', but('cancelled', { cancelled: false })],
])('caught after a script that failed half-way: a batch %s', (_, words, seen) => {
  expect(misled(seen).join('\n')).toContain(words);
});
