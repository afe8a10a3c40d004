import { expect, test } from '@jest/globals';
import { Turns } from './turns.js';

const names = (n: number) => Array.from({ length: n }, (_, i) => `q${String(i).padStart(4, '0')}`);

test('all that wait take part, and each is the first in turn', () => {
  const turns = new Turns();
  const rounds = [1, 2, 3, 4].map(() => {
    const queues = turns.next(['c', 'a', 'b']);
    turns.served(new Set(queues));
    return queues.join('');
  });
  expect(rounds).toEqual(['abc', 'bca', 'cab', 'abc']);
});

test('where a transit was full before all had a share, the next begins behind the last that had', () => {
  const turns = new Turns();
  turns.next(['a', 'b', 'c', 'd']);
  turns.served(new Set(['a', 'b']));
  expect(turns.next(['a', 'b', 'c', 'd'])).toEqual(['c', 'd', 'a', 'b']);
});

test('a queue that is new takes part at once, one that is gone is missed by nobody', () => {
  const turns = new Turns();
  turns.next(['b', 'd']);
  turns.served(new Set(['b']));
  expect(turns.next(['a', 'c'])).toEqual(['c', 'a']);
  turns.served(new Set()); // a transit of other queues that had been under way
  expect(turns.next(['a', 'c'])).toHaveLength(2);
  expect(turns.next([])).toEqual([]);
});

test('of very many queues, each has its turn within as few transits as can be', () => {
  const turns = new Turns();
  const waiting = names(1700);
  const seen = new Set<string>();
  for (let transit = 0; transit < 4; transit++) {
    const queues = turns.next(waiting);
    expect(queues.length).toBeLessThanOrEqual(500);
    for (const queue of queues) seen.add(queue);
    turns.served(new Set(queues));
  }
  expect(seen.size).toBe(1700);
});
