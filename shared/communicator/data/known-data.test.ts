import { expect, test } from '@jest/globals';
import { keysOf } from '../redis/keys.js';
import { KnownData } from './known-data.js';

test('names that a script lacks are learnt, until the step is done', () => {
  const keys = keysOf('main');
  const known = new KnownData(keys);
  expect([known.keys, known.args]).toEqual([[], [0]]);
  expect(known.learn(['a', 'b'])).toBe(true);
  expect(known.learn(['c'])).toBe(true);
  expect(known.learn([])).toBe(false);
  expect([known.keys, known.args]).toEqual([['a', 'b', 'c'].map(keys.data), [3, 'a', 'b', 'c']]);
  known.clear();
  expect([known.keys, known.args]).toEqual([[], [0]]);
});
