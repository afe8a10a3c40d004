/** Finishes gather while much large data is on its way, and wait for nothing else. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
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

describe('with half of the places on their way', () => {
  const late = jest.fn();
  let some: ReturnType<typeof marble>[];
  let loading: Loading;
  let failures: ReturnType<Loading['failure']>[];

  beforeEach(() => {
    jest.useFakeTimers();
    late.mockClear();
    loading = new Loading(10, undefined, late);
    some = Array.from({ length: 5 }, marble);
    expect(loading.mayGather(0)).toBe(false);
    failures = some.map((one) => loading.failure(one.marble));
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('finishes wait for each other until there are as many as the concurrency', async () => {
    expect([0, 1, 9, 10].map((finished) => loading.mayGather(finished))).toEqual([true, true, true, false]);
    some[0]!.resolve();
    expect(await failures[0]).toBeUndefined();
    expect(loading.mayGather(1)).toBe(false);
  });

  test('none waits for longer than 20 ms, also when nothing comes meanwhile, and the next ones wait anew', () => {
    expect(loading.mayGather(0)).toBe(true);
    jest.advanceTimersByTime(50);
    expect([late.mock.calls.length, loading.mayGather(1)]).toEqual([0, true]);
    jest.advanceTimersByTime(19);
    expect([late.mock.calls.length, loading.mayGather(2)]).toEqual([0, true]);
    jest.advanceTimersByTime(1);
    expect([late.mock.calls.length, loading.mayGather(2)]).toEqual([1, false]);
    expect(loading.mayGather(1)).toBe(true);
    jest.advanceTimersByTime(20);
    expect([late.mock.calls.length, loading.mayGather(1)]).toEqual([2, false]);
  });
});

test('one that fails is not on its way any more; only data that are gone end their marble', async () => {
  const loading = new Loading(1, undefined, () => undefined);
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
