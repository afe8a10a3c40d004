/** A run of one's own, whose chores are done by hand; it leaves nothing behind. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { redisCli, sharedRedis } from '@marblerun/test-support';
import { testRun, type TestRun } from './index.js';

let run: TestRun;
beforeEach(() => {
  run = testRun({ redis: sharedRedis() });
});
afterEach(() => run.close());

const DAY = 86_400_000;

test('settle brings back what was abandoned, and promotes what is due', async () => {
  const marble = run.marble();
  await marble.send('q', 'left');
  await marble.wait('q');
  expect(await marble.check('q')).toBeUndefined(); // this look abandons the marble
  expect(await run.waiting('q')).toEqual([]);
  await run.settle();
  expect(await run.waiting('q')).toEqual(['left']);
});

test('delays and retries pass in no time, as far as they are told to', async () => {
  const marble = run.marble();
  await marble.send('q', 'in a day', { delayMs: DAY });
  await marble.send('q', 'in a week', { delayMs: 7 * DAY });
  await run.settle();
  expect(await run.waiting('q')).toEqual([]);
  await run.advance(DAY);
  expect(await run.waiting('q')).toEqual(['in a day']);
  expect(await marble.wait('q')).toBe('in a day');
  await marble.fail(new Error('not yet'), { retryInMs: DAY });
  await run.advance(DAY);
  expect(await run.waiting('q')).toEqual(['in a day']);
});

test('untilDone ends when workers have done all there is, with retries of theirs that are due', async () => {
  const marble = run.marble({ maxAttempts: 3 });
  const done: number[] = [];
  marble.work(
    'q',
    async (n, held) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (held.attempt < 2) throw (held.retryIn(0), new Error('once more'));
      done.push(n as number);
      if (n === 1) held.send('q', 2);
    },
    { onError: () => undefined },
  );
  await marble.send('q', 1);
  await run.untilDone();
  expect(done).toEqual([1, 2]);
});

test('untilDone says what is left', async () => {
  await run.marble().send('q', 1);
  await expect(run.untilDone({ timeoutMs: 50 })).rejects.toThrow('not done within 50 ms: queue q: 1 wait, 0 in hand');
});

test('a lost lease is one that the worker learns of', async () => {
  const marble = run.marble();
  await marble.send('q', 1);
  await marble.wait('q');
  await run.loseLeases();
  await expect(marble.finish()).rejects.toMatchObject({ code: 'MR_LEASE_LOST' });
  expect(await run.waiting('q')).toEqual([1]);
});

test('a lease is lost although its worker beats meanwhile', async () => {
  const marble = run.marble();
  await marble.send('q', 1);
  await marble.wait('q');
  const redis = new Redis(sharedRedis());
  const holders = (await redis.keys(`*${run.run}*:holders`))[0]!;
  const [holder] = await redis.zrange(holders, '0', '-1');
  const isLost = run.loseLeases().then(() => 'lost');
  // Beats come one after the other, each as soon as the one before was answered.
  for (let i = 0; i < 200; i++) await redis.zadd(holders, 'XX', String(Date.now() + 60_000), holder!);
  expect(await isLost).toBe('lost');
  await redis.quit();
  expect(await run.waiting('q')).toEqual([1]);
  await expect(marble.finish()).rejects.toMatchObject({ code: 'MR_LEASE_LOST' });
});

test('the dead are shown with their data and the reason', async () => {
  const marble = run.marble({ maxAttempts: 1 });
  await marble.send('q', { n: 1 });
  await marble.wait('q');
  await marble.fail(new Error('broken'));
  expect(await run.dead()).toMatchObject([{ queue: 'q', data: { n: 1 }, reason: { why: 'failed' } }]);
});

test('runs do not meet, and one that is closed leaves no key', async () => {
  const other = testRun({ redis: sharedRedis() });
  await other.marble().send('q', 1, { delayMs: DAY });
  await run.marble().send('q', 2);
  await run.advance(DAY);
  expect(await run.waiting('q')).toEqual([2]);
  const keys = () => redisCli(Number(new URL(sharedRedis()).port), 'KEYS', `*{${other.run}}*`);
  expect(await keys()).toContain(other.run);
  await other.close();
  expect((await keys()).trim()).toBe('');
});

test.each([
  [{ redsi: 'redis://localhost' }, /redsi/],
  [{ redis: '' }, /redis/],
])('testRun refuses %j', (options, message) => {
  expect(() => testRun(options as never)).toThrow(message);
});
