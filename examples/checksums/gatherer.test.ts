import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Gatherer } from './gatherer.js';

const outcome = (path: string, sum: string) => ({ path, sum, bytes: 1, attempt: 1, run: 'main' });

async function isComplete(gatherer: Gatherer): Promise<boolean> {
  return Promise.race([gatherer.complete.then(() => true), setImmediate(false)]);
}

test('it is complete when every file has an outcome; one that comes twice counts once', async () => {
  const gatherer = new Gatherer();
  gatherer.take(outcome('a', '1'));
  gatherer.take(outcome('a', '1'));
  gatherer.expect(2);
  expect(await isComplete(gatherer)).toBe(false);
  gatherer.take(outcome('a', '1'));
  expect(await isComplete(gatherer)).toBe(false);
  gatherer.take(outcome('b', '2'));
  expect(await isComplete(gatherer)).toBe(true);
  expect([gatherer.outcomes.size, gatherer.repeated]).toEqual([2, 2]);
});

test('without a file it is complete as soon as that is known', async () => {
  const gatherer = new Gatherer();
  expect(await isComplete(gatherer)).toBe(false);
  gatherer.expect(0);
  expect(await isComplete(gatherer)).toBe(true);
});
