/**
 * One thread for all leases of a process: whoever begins a lease while another ends gets a thread that beats.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { marbleOf, peek } from './testing.js';
import { ThreadKeeper } from './thread-keeper.js';

const ROUNDS = 8;
const within = async <T>(ms: number, what: Promise<T>): Promise<T> => {
  const late = sleep(ms, undefined, { ref: false }).then(() => Promise.reject(new Error(`not within ${ms} ms`)));
  return Promise.race([what, late]);
};

test.each([
  ['closes first', async (close: () => Promise<void>, checks: () => Promise<unknown>) => [close(), checks()]],
  ['closes last', async (close: () => Promise<void>, checks: () => Promise<unknown>) => [checks(), close()]],
] as const)('one Marble closes as others make their first check (it %s): all of them return', async (_, together) => {
  for (let round = 0; round < ROUNDS; round++) {
    const [one, ...others] = [marbleOf({ closeTimeoutMs: 3000 }), marbleOf(), marbleOf()];
    await (round % 2 === 0 ? one.check('a') : undefined); // else its own thread still boots
    const own = round % 2 === 0 ? undefined : one.check('a').catch((error: { code: string }) => error.code);
    const close = async (): Promise<void> => {
      await sleep(round * 8); // while the thread boots, as it is up, and after it
      await one.close().catch((error: { code: string }) => expect(error.code).toBe('MR_CLOSED'));
    };
    const checks = () => Promise.all(others.map((other) => other.check('a')));
    await within(
      5000,
      together(close, checks).then((all) => Promise.all(all)),
    );
    expect([undefined, 'MR_CLOSED']).toContain(await within(5000, Promise.resolve(own)));
    await within(5000, Promise.all(others.map((other) => other.close())));
  }
});

test('a lease that begins as the last one ends is kept', async () => {
  const [one, other] = [marbleOf({ leaseMs: 600 }), marbleOf({ leaseMs: 600 })];
  await one.check('a');
  await Promise.all([other.check('a'), one.close()]);
  const [before] = await until('it is alone', async () => {
    const holders = await peek.status.holders();
    return holders.length === 1 && holders;
  });
  await until('its lease has been renewed twice', async () => {
    const [now] = await peek.status.holders();
    return now!.holder === before!.holder && now!.leaseUntil > before!.leaseUntil + 1200;
  });
});

test('who waits for a thread that boots can be told to wait no longer, and the next one gets one', async () => {
  const troubles: string[] = [];
  const keeper = new ThreadKeeper((message) => troubles.push(message));
  const closing = new AbortController();
  let begun = 0;
  const begin = () => Promise.resolve(void begun++);
  const first = keeper.whileUp(begin, closing.signal);
  closing.abort(new Error('closed'));
  await expect(first).rejects.toThrow('closed');
  await expect(keeper.whileUp(begin, closing.signal)).rejects.toThrow('closed');
  await Promise.all([1, 2, 3].map(() => keeper.whileUp(begin, new AbortController().signal)));
  expect([begun, troubles]).toEqual([3, []]);
});
