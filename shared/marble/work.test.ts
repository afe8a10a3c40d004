import { getEventListeners } from 'node:events';
import { expect, test } from '@jest/globals';
import { sleep, until } from '@marblerun/test-support';
import { marbleOf, peek, waiting } from './testing.js';

const queue = async (name: string) => (await peek.show()).find((status) => status.queue === name);
const finished = async (name: string) => (await queue(name))?.counts.finished;
const numbers = (n: number) => Array.from({ length: n }, (_, i) => i);

test('many marbles at a time, never more than the concurrency, each once', async () => {
  const marble = marbleOf();
  await marble.sendMany('a', numbers(3000));
  const seen: number[] = [];
  let [running, most] = [0, 0];
  marble.work(
    'a',
    async (data) => {
      most = Math.max(most, ++running);
      await sleep(1);
      seen.push(data as number);
      running--;
    },
    { concurrency: 50 },
  );
  await until('all are finished', async () => (await finished('a')) === 3000);
  expect(most).toBe(50);
  expect(seen.sort((a, b) => a - b)).toEqual(numbers(3000));
  expect(await queue('a')).toMatchObject({ depth: 0, held: 0 });
});

test('at concurrency 1 marbles are worked on in their order, also those that come later', async () => {
  const marble = marbleOf();
  const seen: unknown[] = [];
  await marble.sendMany('a', numbers(20));
  marble.work('a', (data) => seen.push(data));
  await until('the first are finished', async () => (await finished('a')) === 20);
  for (const n of [20, 21, 22]) await marble.send('a', n);
  await until('all are finished', async () => (await finished('a')) === 23);
  expect(seen).toEqual(numbers(23));
});

test('what a handler sends is committed with its finish, and not at all when it throws', async () => {
  const marble = marbleOf({ maxAttempts: 1 });
  await marble.sendMany('in', [1, 2, 3]);
  const errors: unknown[] = [];
  marble.work(
    'in',
    (data, held) => {
      held.send('out', data);
      held.elevate('up', data);
      if (data === 2) throw new Error('two is refused');
    },
    { onError: (error) => errors.push(error) },
  );
  await until('two are finished', async () => (await finished('in')) === 2);
  await until('one is dead', async () => (await peek.deadLetters.count()) === 1);
  expect(await waiting('out')).toEqual([1, 3]);
  expect((await peek.status.outboxes())[0]).toMatchObject({ queue: 'up', depth: 2 });
  expect(await peek.deadLetters.list()).toMatchObject([{ reason: { error: { message: 'two is refused' } } }]);
  expect(errors).toMatchObject([{ message: 'two is refused' }]);
});

test('a failed marble is tried again when it says', async () => {
  const marble = marbleOf();
  await marble.send('a', 1);
  const attempts: number[] = [];
  marble.work(
    'a',
    (_data, held) => {
      attempts.push(held.attempt);
      held.retryIn(0);
      if (held.attempt < 3) throw new Error('not yet');
    },
    { onError: () => undefined },
  );
  await until('it is finished', async () => (await finished('a')) === 1);
  expect(attempts).toEqual([1, 2, 3]);
});

test('slow handlers take nothing ahead, so that others can have it', async () => {
  const marble = marbleOf();
  await marble.sendMany('a', numbers(100));
  let started = 0;
  let release = () => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  marble.work(
    'a',
    async () => {
      started++;
      await gate;
    },
    { concurrency: 5 },
  );
  await until('five are being worked on', () => started === 5);
  expect(await queue('a')).toMatchObject({ depth: 95, held: 5 });
  release();
});

test('stop finishes what is under way, gives back what was not started, takes nothing more', async () => {
  const marble = marbleOf();
  await marble.sendMany('a', numbers(200));
  let [started, ended] = [0, 0];
  const worker = marble.work(
    'a',
    async () => {
      started++;
      await sleep(20);
      ended++;
    },
    { concurrency: 10 },
  );
  await until('some are done', () => ended > 20);
  await worker.stop();
  await worker.stop();
  expect(started).toBe(ended);
  const status = await queue('a');
  expect(status).toMatchObject({ held: 0, depth: 200 - ended, counts: { finished: ended } });
  expect((await peek.dump('a', 0, 200)).every(({ attempt }) => attempt === 0)).toBe(true);
  expect(await peek.status.holderCount()).toBe(0);
});

test('what is not done when the drain time is over is given back, and its handler is told', async () => {
  const marble = marbleOf();
  await marble.send('a', 1);
  let reason: unknown;
  const worker = marble.work(
    'a',
    (_data, { signal }) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => {
          reason = signal.reason;
          resolve(undefined);
        }),
      ),
    { drainMs: 50 },
  );
  await until('it is held', async () => (await queue('a'))?.held === 1);
  await worker.stop();
  expect(reason).toMatchObject({ code: 'MR_CLOSED' });
  expect(await queue('a')).toMatchObject({ held: 0, depth: 1 });
});

test('a signal stops the worker', async () => {
  const abort = new AbortController();
  const worker = marbleOf().work('a', () => undefined, { signal: abort.signal });
  await until('it waits', async () => (await peek.status.holderCount()) === 1);
  abort.abort();
  await worker.done;
  expect(await peek.status.holderCount()).toBe(0);
});

test('a handler whose lease was lost is told, its result is refused, and work goes on', async () => {
  const marble = marbleOf({ leaseMs: 900 });
  const refused: unknown[] = [];
  const attempts: number[] = [];
  marble.work(
    'a',
    async (_data, held) => {
      attempts.push(held.attempt);
      held.send('out', attempts.length);
      if (attempts.length === 1) await new Promise((resolve) => held.signal.addEventListener('abort', resolve));
    },
    { onError: (error) => refused.push(error) },
  );
  await marble.send('a', 1);
  await until('it is being worked on', () => attempts.length === 1);
  const [{ holder } = { holder: '' }] = await peek.status.holders();
  await until('it was given up', async () => {
    await peek.recovery.endLease(holder); // a heartbeat may come between
    return (await peek.recovery.sweep(5)).returned === 1;
  });
  await until('the second delivery is finished', async () => (await finished('a')) === 1);
  expect([attempts, await waiting('out')]).toEqual([[1, 2], [2]]); // it was the only one
  await until('the refusal was told', () => refused.length === 1);
  expect(refused).toMatchObject([{ code: 'MR_LEASE_LOST' }]);
});

test('a handler over its time limit is told', async () => {
  const marble = marbleOf();
  let reason: unknown;
  marble.work(
    'a',
    (_data, { signal }) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve((reason = signal.reason)))),
    { timeLimitMs: 50, onError: () => undefined },
  );
  await marble.send('a', 1);
  await until('it is told', () => reason !== undefined);
  expect(reason).toMatchObject({ code: 'MR_TIME_LIMIT' });
});

test('several queues are worked on in strict order', async () => {
  const marble = marbleOf({ pollMs: 10 });
  await marble.sendMany('low', [3, 4]);
  await marble.sendMany('high', [1, 2]);
  const seen: unknown[] = [];
  marble.work(['high', 'low'], (data) => seen.push(data));
  await until('all were seen', () => seen.length === 4);
  await marble.send('low', 5);
  await until('the late one was seen', () => seen.length === 5);
  expect(seen).toEqual([1, 2, 3, 4, 5]);
});

test('a signal that many workers share keeps no listener of those that have stopped', async () => {
  const shared = new AbortController();
  const marble = marbleOf();
  const workers = [1, 2, 3].map(() => marble.work('a', () => undefined, { signal: shared.signal }));
  expect(getEventListeners(shared.signal, 'abort')).toHaveLength(3);
  await Promise.all(workers.map((worker) => worker.stop()));
  expect(getEventListeners(shared.signal, 'abort')).toHaveLength(0);
  const last = marble.work('a', () => undefined, { signal: shared.signal });
  shared.abort();
  await last.done;
  expect(getEventListeners(shared.signal, 'abort')).toHaveLength(0);
});
