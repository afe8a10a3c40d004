/** Finishes gather while much large data is on its way, and wait for nothing else. */
import { expect, test } from '@jest/globals';
import { MarbleRunError } from '../errors.js';
import type { HeldInHandler } from './held-in-handler.js';
import { Loading } from './loading.js';

/** A marble whose data come when they are let in, or with an error. */
function marble() {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const loaded = new Promise<void>((...ends) => ([resolve, reject] = ends));
  const held = { holder: { load: () => loaded }, held: {} } as unknown as HeldInHandler;
  return { marble: held, resolve, reject };
}

test('with half of the places on their way, finishes wait for each other up to a fifth', async () => {
  const loading = new Loading(10, undefined);
  const some = Array.from({ length: 5 }, marble);
  expect(loading.mayGather(0)).toBe(false);
  const failures = some.map((one) => loading.failure(one.marble));
  expect([0, 1, 2, 10].map((finished) => loading.mayGather(finished))).toEqual([true, true, false, false]);
  some[0]!.resolve();
  expect(await failures[0]).toBeUndefined();
  expect(loading.mayGather(0)).toBe(false);
});

test('one that fails is not on its way any more; only data that are gone end their marble', async () => {
  const loading = new Loading(1, undefined);
  for (const [error, hasEnded] of [
    [new Error('refused'), false],
    [new MarbleRunError('MR_DATA_MISSING', 'gone'), true],
    [new MarbleRunError('MR_LEASE_LOST', 'not ours'), true],
  ] as const) {
    const one = marble();
    const failure = loading.failure(one.marble);
    one.reject(error);
    expect(await failure).toEqual({ error, hasEnded });
    expect(loading.mayGather(0)).toBe(false);
  }
});
