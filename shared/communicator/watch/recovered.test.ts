import { expect, test } from '@jest/globals';
import { RECOVERED_BY, noneRecovered, toldBy } from './recovered.js';

test('there is a count for each sign, and it begins at none', () => {
  expect(Object.keys(noneRecovered())).toEqual([...RECOVERED_BY]);
  expect(new Set(Object.values(noneRecovered()))).toEqual(new Set([0]));
  expect(noneRecovered()).not.toBe(noneRecovered());
});

test.each([
  ['connection 17', '17', 'connection'],
  ['docker 17', '17', 'docker'],
  ['connection 17', '18', 'lease'], // it has beaten since
  ['connection 17', null, 'lease'], // it is no holder any more
  ['connection', '17', 'lease'],
  ['nonsense 17', '17', 'lease'],
  ['limit 17', '17', 'lease'], // nobody ends a lease for that
  ['', '17', 'lease'],
  [null, '17', 'lease'],
  [undefined, '17', 'lease'],
] as const)('%p, with a lease until %p: told by %s', (by, ends, what) => expect(toldBy(by, ends)).toBe(what));
