/** Waits on several queues: a marble of any of them comes at once, whoever is busy, and nobody polls for it. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { sharedRedis, until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { keysOf } from '../communicator/redis/keys.js';
import { bus, marbleOf, peek, waiting } from './testing.js';

const QUEUES = ['a', 'b', 'c'];
const NEVER = { pollMs: 3_600_000 }; // a test that is green only because somebody looks again would not end

let redis: Redis;
beforeEach(() => {
  redis = new Redis(sharedRedis());
});
afterEach(() => redis.disconnect());

/** Waits until so many queues are watched: somebody waits for them, or will in a moment, and nothing is missed. */
const watched = (n = QUEUES.length) => until(`${n} queues are watched`, async () => (await watchedNow()) === n);
const watchedNow = () => redis.hlen(keysOf(bus.run).watched);

test.each([true, false])('a wait ends with a send to any of its queues, monitored: %p', async (monitored) => {
  const marble = marbleOf({ ...NEVER, monitored });
  const sender = marbleOf();
  for (const [i, queue] of [...QUEUES, ...QUEUES].entries()) {
    const wait = marble.wait(QUEUES);
    if (i === 0) await watched();
    await sender.send(queue, i);
    expect(await wait).toBe(i);
    expect(marble.queue).toBe(queue);
    if (monitored) await marble.finish();
  }
});

test('a worker gets marbles of all its queues, while others of it are worked on too', async () => {
  const marble = marbleOf(NEVER);
  const seen: unknown[] = [];
  let end = () => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  marble.work(
    QUEUES,
    async (data) => {
      seen.push(data);
      if (data === 'long') await ended;
    },
    { concurrency: 2 },
  );
  await watched();
  const sender = marbleOf();
  await sender.send('b', 'long');
  for (const [i, queue] of QUEUES.entries()) {
    await sender.send(queue, i);
    await until('it came', () => seen.includes(i));
  }
  end();
});

test('of many marbles sent at once each worker that waits gets one', async () => {
  const workers = [1, 2, 3, 4].map(() => marbleOf(NEVER));
  let busy = 0;
  let end = () => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  for (const [i, marble] of workers.entries()) {
    // the queues of some differ, so that they listen by themselves
    marble.work(i % 2 === 0 ? QUEUES : ['b', 'a', `own/${i}`], async () => {
      busy++;
      await ended;
    });
  }
  await until('all have entered', async () => (await peek.status.holderCount()) === 4);
  await watched(5);
  await marbleOf().sendMany(
    'b',
    Array.from({ length: 50 }, (_, i) => i),
  );
  await until('all four work', () => busy === 4);
  expect(await waiting('b')).toHaveLength(46);
  end();
  await until('all is done', () => busy === 50);
});

test('a busy worker does not keep a marble from one that waits', async () => {
  const [busy, idle] = [marbleOf(NEVER), marbleOf(NEVER)];
  const sender = marbleOf();
  let end = () => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  let begun = false;
  busy.work(QUEUES, async () => {
    begun = true;
    await ended;
  });
  await watched();
  await sender.send('c', 'long');
  await until('it is busy', () => begun);
  const wait = idle.wait(['a', 'c', 'other']);
  await watched(QUEUES.length + 1);
  await sender.send('c', 'short');
  expect(await wait).toBe('short');
  await idle.finish();
  end();
});

test('a wait of several queues ends by its time, by its signal, by close; then nothing is taken', async () => {
  const marble = marbleOf(NEVER);
  expect(await marble.wait(QUEUES, { timeoutMs: 20 })).toBeUndefined();
  const abort = new AbortController();
  const aborted = expect(marble.wait(QUEUES, { signal: abort.signal })).rejects.toThrow('enough');
  await watched();
  abort.abort(new Error('enough'));
  await aborted;
  const closed = expect(marble.wait(QUEUES)).rejects.toMatchObject({ code: 'MR_CLOSED' });
  await marble.close();
  await closed;
  await marbleOf().send('a', 1);
  expect(await waiting('a')).toEqual([1]);
});

test('a loop that waits for other queues in turn gets them all', async () => {
  const marble = marbleOf(NEVER);
  const sender = marbleOf();
  for (let i = 0; i < 12; i++) {
    const queues = [`x/${i % 6}`, `y/${i % 6}`];
    const wait = marble.wait(queues);
    await sender.send(queues[i % 2]!, i);
    expect(await wait).toBe(i);
    await marble.finish();
  }
});

test('a worker whose holder was given up while it waits enters another, and goes on', async () => {
  const marble = marbleOf({ ...NEVER, leaseMs: 300, heartbeatMs: 100 });
  const seen: unknown[] = [];
  const worker = marble.work(QUEUES, (data) => seen.push(data));
  await watched();
  const first = worker.holder;
  await until('it is given up, between two beats', async () => {
    await peek.recovery.endLease(first!);
    return (await peek.recovery.sweep(5)).silent === 1;
  });
  await until('another has entered', () => worker.holder !== first);
  await marbleOf().send('c', 1);
  await until('it came', () => seen.length === 1);
});

test('the same queue twice is one queue', async () => {
  const marble = marbleOf(NEVER);
  const wait = marble.wait(['a', 'a']);
  await until('it waits', async () => (await peek.status.holderCount()) === 1);
  await marbleOf().send('a', 1);
  expect(await wait).toBe(1);
  expect(await watchedNow()).toBe(0);
});
