/**
 * One thread serves all leases of a process: a lease that begins while another one ends gets a thread that sends
 * heartbeats.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import type { Beating } from './beaters.js';
import { bus, marbleOf, peek } from './testing.js';
import { ThreadKeeper } from './thread-keeper.js';

const CHAIN = 12;
const terms = (leaseMs: number) => ({ leaseMs, goneMs: 1000 });
const within = async <T>(ms: number, what: Promise<T>): Promise<T> => {
  const late = sleep(ms, undefined, { ref: false }).then(() => Promise.reject(new Error(`not within ${ms} ms`)));
  return Promise.race([what, late]);
};

test.each([
  { name: 'closes first', checksFirst: false },
  { name: 'closes last', checksFirst: true },
])('each Marble closes as others make their first check (it $name): all of them return', async ({ checksFirst }) => {
  let leaving = marbleOf();
  await leaving.check('a');
  for (let link = 0; link < CHAIN; link++) {
    const [next, other] = [marbleOf(), marbleOf()];
    const checks = () => Promise.all([next.check('a'), other.check('a').then(() => other.close())]);
    const closes = async () => {
      await sleep(link < CHAIN / 2 ? 0 : link * 4); // at once, or while a thread boots, or after it
      await leaving.close();
    };
    await within(5000, Promise.all(checksFirst ? [checks(), closes()] : [closes(), checks()]));
    leaving = next;
  }
  await within(5000, leaving.close());
});

test.each([0, 1, 5, 20, 80])('a Marble that is closed %i ms into its first check is closed at once', async (ms) => {
  const marble = marbleOf({ closeTimeoutMs: 2000 });
  const check = marble.check('a').catch((error: unknown) => (error as { code: string }).code);
  await sleep(ms);
  await within(5000, marble.close());
  expect([undefined, 'MR_CLOSED']).toContain(await within(100, check));
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
  const begin = () => {
    begun++;
    return Promise.resolve();
  };
  const first = keeper.whileUp(begin, closing.signal, terms(1000));
  closing.abort(new Error('closed'));
  await expect(first).rejects.toThrow('closed');
  await expect(keeper.whileUp(begin, closing.signal, terms(1000))).rejects.toThrow('closed');
  await Promise.all([1, 2, 3].map(() => keeper.whileUp(begin, new AbortController().signal, terms(1000))));
  expect([begun, troubles]).toEqual([3, []]);
});

const leaseOf = (holder: string) =>
  peek.status.holders().then((holders) => holders.find((one) => one.holder === holder)?.leaseUntil ?? 0);
const beating = (holder: string): Beating => ({
  ...{ holder, leaseMs: 600, heartbeatMs: 100, heart: undefined, progress: undefined },
  bus: { ...bus, connectTimeoutMs: 1000, retryTimeoutMs: 100, replyTimeoutMs: 1000, mostPauseMs: 200 },
});
const enter = async () => {
  const description = {};
  const holding = peek.holders.holding(peek.holders.waitingConnection(1000), {
    leaseMs: 600,
    timeLimitMs: 0,
    maxAttempts: 1,
    description,
  });
  await holding.enter();
  return holding;
};

test.each([
  [
    'cannot start',
    () => {
      throw new Error('no threads here');
    },
    'no threads here',
  ],
  ['ends before it is up', () => new Worker('process.exit(3)', { eval: true }), 'it exited with code 3'],
])('a thread that %s is told of, and the main loop beats instead', async (_, start, told) => {
  const troubles: string[] = [];
  const keeper = new ThreadKeeper((message) => troubles.push(message), start);
  const holding = await enter();
  const before = await leaseOf(holding.id);
  const begin = () => {
    keeper.add(beating(holding.id), () => undefined);
    return Promise.resolve();
  };
  await keeper.whileUp(begin, new AbortController().signal, terms(600));
  await until('its lease has been renewed for two leases', async () => (await leaseOf(holding.id)) > before + 1200);
  expect(troubles).toEqual([`the thread ended: ${told}; the main loop sends heartbeats instead`]);
  keeper.remove(holding.id);
  await holding.leave();
});

test.each([
  ['a long lease', { leaseMs: 15_000, goneMs: 1000 }, 0],
  ['a long lease without a heart that is missed', { leaseMs: 15_000, goneMs: 0 }, 0],
  ['a heart that is missed at once', { leaseMs: 15_000, goneMs: 100 }, 1],
])('the thread of %s rests before it loads its program (%j): told to hurry: %i', async (_, asked, hurries) => {
  let hurry: Int32Array | undefined;
  const closing = new AbortController();
  const keeper = new ThreadKeeper(
    () => undefined,
    (shared) => {
      hurry = shared.hurry;
      return new Worker('setInterval(() => undefined, 1000)', { eval: true });
    },
  );
  await keeper.whileUp(
    () => {
      keeper.add(beating('h'), () => undefined);
      return Promise.resolve();
    },
    closing.signal,
    asked,
  );
  expect(hurry![0]).toBe(hurries);
  keeper.beatNow();
  expect(hurry![0]).toBe(1);
  keeper.remove('h');
});

test('a long lease begins without waiting for the thread, a short one waits', async () => {
  const never = () => new Worker('setInterval(() => undefined, 1000)', { eval: true });
  const keeper = new ThreadKeeper(() => undefined, never);
  const begun: number[] = [];
  const closing = new AbortController();
  const lease = (leaseMs: number) =>
    keeper.whileUp(() => Promise.resolve(void begun.push(leaseMs)), closing.signal, terms(leaseMs));
  const short = lease(5000);
  await lease(15_000);
  expect(begun).toEqual([15_000]);
  closing.abort(new Error('closed'));
  await expect(short).rejects.toThrow('closed');
});
