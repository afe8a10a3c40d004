import { expect, test } from '@jest/globals';
import { Backlog } from './backlog.js';

const CERTAIN_AFTER = 16;

function noted(sends: readonly [queue: string, found: boolean][]): Backlog {
  const backlog = new Backlog();
  for (const [queue, found] of sends) backlog.note(queue, found);
  return backlog;
}
const found = (queue: string, n: number) => Array.from({ length: n }, () => [queue, true] as [string, boolean]);

test('a queue has a backlog once enough sends in a row have found others there', () => {
  expect(noted(found('q', CERTAIN_AFTER - 1)).isIn('q')).toBe(false);
  expect(noted(found('q', CERTAIN_AFTER)).isIn('q')).toBe(true);
});

test('one send that found none begins anew', () => {
  expect(noted([...found('q', 100), ['q', false]]).isIn('q')).toBe(false);
  expect(noted([...found('q', 100), ['q', false], ...found('q', CERTAIN_AFTER - 1)]).isIn('q')).toBe(false);
  expect(noted([...found('q', 100), ['q', false], ...found('q', CERTAIN_AFTER)]).isIn('q')).toBe(true);
});

test('sends to another queue say nothing about this one', () => {
  const mixed = noted([...found('q', 100), ...found('other', 1)]);
  expect([mixed.isIn('q'), mixed.isIn('other')]).toEqual([false, false]);
  expect(noted(found('q', 100)).isIn('other')).toBe(false);
});
