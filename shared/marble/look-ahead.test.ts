/** A loop that waits at once gets its next marble with the finish of the one before; what it does not want goes back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { ownRedis, until } from '@marblerun/test-support';
import { keysOf } from '../communicator/redis/keys.js';
import type { Marble } from './marble.js';
import type { MarbleOptions } from './options.js';
import { bus, marbleOf, peek, sweep, waiting } from './testing.js';

ownRedis(beforeAll, afterAll); // it counts commands

const QUICK = 3;

/** Returns a loop that has shown that it waits at once; `a` holds the numbers from 1 on. */
async function quickLoop(options: MarbleOptions = {}, n = 10, send = {}): Promise<Marble> {
  const marble = marbleOf({ atomic: true, ...options });
  const numbers = Array.from({ length: n + QUICK + 1 }, (_, i) => i - QUICK);
  await marbleOf().sendMany('a', numbers, send);
  for (let i = 0; i <= QUICK; i++) {
    await marble.wait('a');
    if (i < QUICK) await marble.finish();
  }
  return marble;
}
const inHand = async () => (await peek.status.queues()).find(({ queue }) => queue === 'a')?.held;

test('the next one is handed out without a round trip', async () => {
  const marble = await quickLoop();
  const redis = new Redis(bus.redis);
  /** Counts the commands by which scripts look into lists and take from them. A heartbeat does neither. */
  const looks = async () =>
    [
      ...(await redis.info('commandstats')).matchAll(
        /cmdstat_(?:llen|lindex|lrange|rpop|lpop|lmove|blmove):calls=(\d+)/g,
      ),
    ]
      .map(([, calls]) => Number(calls))
      .reduce((sum, calls) => sum + calls, 0);
  expect(await looks()).toBeGreaterThan(0);
  // One that waits in hand for 50 ms is given back, and a busy machine may take so long for a look.
  await until('one is handed out with no look at a list', async () => {
    const before = await looks();
    await marble.finish();
    const finished = await looks();
    expect(finished).toBeGreaterThan(before);
    await marble.wait('a');
    return (await looks()) === finished;
  });
  await redis.quit();
});

test('the next one is taken with the finish', async () => {
  const marble = await quickLoop();
  expect([await inHand(), (await waiting('a')).length]).toEqual([1, 10]);
  await marble.finish();
  expect([await inHand(), (await waiting('a')).length]).toEqual([1, 9]);
  expect(await marble.wait('a')).toBe(1);
  for (let i = 2; i <= 10; i++) {
    await marble.finish();
    expect([await marble.wait('a'), marble.attempt]).toEqual([i, 1]);
  }
  await marble.finish();
  expect(await marble.check('a')).toBeUndefined();
  expect([await inHand(), await waiting('a')]).toEqual([0, []]);
});

test('a finish whose end is not awaited hands its marble to the next wait, in order', async () => {
  const marble = await quickLoop();
  for (let i = 1; i <= 10; i++) {
    const finished = marble.finish();
    expect(await marble.wait('a')).toBe(i);
    await finished;
  }
});

test('what is not waited for soon goes back to the front, as it was', async () => {
  const marble = await quickLoop();
  await marble.finish();
  expect((await waiting('a'))[0]).toBe(2);
  await until('it is back', async () => (await waiting('a'))[0] === 1);
  expect(await marble.wait('a')).toBe(1);
  expect([marble.attempt, marble.failures]).toEqual([1, []]);
  await marble.finish();
  expect((await waiting('a'))[0]).toBe(2); // it has to show again that it waits at once
});

test('a wait that is over already does not take it, and the next one does', async () => {
  const marble = await quickLoop();
  await marble.finish();
  await expect(marble.wait('a', { signal: AbortSignal.abort(new Error('over')) })).rejects.toThrow('over');
  expect([marble.id, await marble.wait('a')]).toEqual([undefined, 1]);
});

test('a loop that goes on for longer than a marble may wait keeps what it takes ahead', async () => {
  const marble = await quickLoop({}, 60);
  for (let i = 1; i <= 60; i++) {
    await marble.finish();
    expect(await marble.wait('a')).toBe(i);
    await sleep(2);
  }
  expect((await peek.status.queues()).find(({ queue }) => queue === 'a')?.counts).toMatchObject({
    returned: 0,
    dropped: 0,
  });
});

test('a wait for another queue gives it back', async () => {
  const marble = await quickLoop();
  await marbleOf().send('b', 'other');
  await marble.finish();
  expect(await marble.wait('b')).toBe('other');
  expect((await waiting('a'))[0]).toBe(1);
});

test('close gives it back', async () => {
  const marble = await quickLoop();
  await marble.finish();
  expect((await waiting('a'))[0]).toBe(2);
  await marble.close();
  expect((await waiting('a'))[0]).toBe(1);
  const other = marbleOf();
  expect([await other.wait('a'), other.attempt]).toEqual([1, 1]);
});

test('what a holder had that was given up is not charged, and its finish is refused', async () => {
  const marble = await quickLoop();
  await marble.finish();
  const holder = (await peek.status.holders())[0]!.holder;
  await until('it was given up', async () => {
    await peek.recovery.endLease(holder);
    return (await sweep()).returned === 1;
  });
  const other = marbleOf();
  expect([await other.wait('a'), other.attempt]).toEqual([1, 1]);
  expect(await marble.wait('a')).toBe(1); // it has not been told yet
  await expect(marble.finish()).rejects.toMatchObject({ code: 'MR_LEASE_LOST' });
  await other.finish();
  expect([await marble.wait('a'), marble.attempt]).toEqual([2, 1]);
});

test('several queues are taken from in their order, members and outputs go along', async () => {
  const marble = await quickLoop();
  const batch = await marble.batch('all', { onDead: 'continue' });
  await batch.sendMany('b', [1, 2, 3, 4, 5]);
  await batch.seal();
  for (let i = 0; i < QUICK; i++) {
    await marble.finish();
    await marble.wait(['b', 'a']);
  }
  await marble.finish();
  for (const left of [4, 5]) {
    expect(await marble.wait(['b', 'a'])).toBe(left);
    await marble.send('out', left);
    await marble.finish();
  }
  expect(await batch.progress()).toMatchObject({ sent: 7, finished: 5, left: 2 });
  expect([await marble.wait(['b', 'a']), await waiting('out')]).toEqual([1, [4, 5]]);
});

test('a time limit begins when it is handed out; where the loop has one nothing is taken ahead', async () => {
  const redis = new Redis(bus.redis);
  const limits = () => redis.zrange(keysOf(bus.run).deadlines, '0', '-1');
  const marble = await quickLoop({}, 10, { timeLimitMs: 60_000 });
  await marble.finish();
  expect([await inHand(), await limits()]).toEqual([1, []]);
  await marble.wait('a');
  expect(await limits()).toHaveLength(1);
  await marble.close();
  await redis.del(keysOf(bus.run).queue('a'));
  const limited = await quickLoop({ timeLimitMs: 60_000 });
  expect(await inHand()).toBe(1);
  await limited.finish();
  expect(await inHand()).toBe(0);
  await redis.quit();
});

test('a crash is charged to one that may be delivered only once, and to no other', async () => {
  const marble = await quickLoop({ maxAttempts: 1 });
  await marble.finish();
  await marble.wait('a');
  const redis = new Redis(bus.redis);
  const holder = (await peek.status.holders())[0]!.holder;
  expect(Object.values(await redis.hgetall(keysOf(bus.run).held(holder))).join()).toMatch(/ g=a\n/);
  await redis.quit();
});

test('a loop that blocks before it waits has its next marble taken back, and goes on', async () => {
  const marble = await quickLoop({ leaseMs: 600, heartbeatMs: 200 });
  await marble.finish();
  const until = Date.now() + 1500;
  while (Date.now() < until); // neither the limit of 50 ms nor anything else of this loop gets a turn
  const seen = [await marble.wait('a')];
  expect([seen, marble.attempt]).toEqual([[1], 1]);
  await marble.finish();
  await sleep(60);
  expect((await waiting('a'))[0]).toBe(2);
});
