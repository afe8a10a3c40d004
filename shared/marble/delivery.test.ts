import { expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { keysOf } from '../communicator/redis/keys.js';
import { bus, marbleOf, peek, sweep } from './testing.js';

const dead = () => peek.deadLetters.list();

test('a marble that never failed has no history and carries nothing for it', async () => {
  const marble = marbleOf();
  await marble.send('q', 1, { id: 'a' });
  const redis = new Redis(bus.redis);
  expect(await redis.lindex(keysOf(bus.run).queue('q'), 0)).toMatch(/^a 0 [0-9a-z]+ j\n1$/);
  redis.disconnect();
  await marble.wait('q');
  expect(marble.failures).toEqual([]);
  await marble.fail(new Error('first'), { retryInMs: 0 });
  const [waiting] = await peek.dump('q');
  expect(waiting?.failures).toHaveLength(1);
});

test('each attempt that was not finished is remembered: when, why, and with what error', async () => {
  const marble = marbleOf();
  const started = await peek.status.now();
  const id = await marble.send('q', { data: true });
  await marble.wait('q');
  await marble.fail(new Error('two words\nand äöü 😀 " }'), { retryInMs: 0 });
  await marbleOf({ timeLimitMs: 1 }).wait('q');
  await until('it is over its time limit', async () => (await sweep()).returned === 1);
  await marble.wait('q');
  await marble.check('empty');
  await until('it is abandoned', async () => (await sweep()).returned === 1);
  const ended = await peek.status.now();
  const other = marbleOf({ maxAttempts: 4 });
  expect(await other.wait('q')).toEqual({ data: true });
  expect([other.id, other.attempt]).toEqual([id, 4]);
  expect(other.failures).toEqual([
    { attempt: 1, at: expect.any(Number), why: 'failed', error: 'two words\nand äöü 😀 " }' },
    { attempt: 2, at: expect.any(Number), why: 'over its time limit' },
    { attempt: 3, at: expect.any(Number), why: 'abandoned' },
  ]);
  const times = other.failures.map(({ at }) => at);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(times[0]).toBeGreaterThanOrEqual(started);
  expect(times[2]).toBeLessThanOrEqual(ended);
  await other.fail('last', { retryInMs: 0 });
  expect(await dead()).toMatchObject([
    { queue: 'q', reason: { why: 'failed', attempts: 4, error: { message: 'last' } }, envelope: { id } },
  ]);
  expect((await dead())[0]?.envelope?.failures?.map(({ error }) => error)).toEqual([
    'two words\nand äöü 😀 " }',
    undefined,
    undefined,
    'last',
  ]);
});

test('history is bounded in number and bytes: the oldest give way', async () => {
  const marble = marbleOf({ maxAttempts: 1000 });
  await marble.send('q', 1);
  for (let i = 1; i <= 25; i++) {
    await marble.wait('q');
    expect(marble.attempt).toBe(i);
    await marble.fail(new Error(`${i} ${'x y'.repeat(1000)}`), { retryInMs: 0 });
  }
  const [waiting] = await peek.dump('q');
  expect(waiting?.failures?.map(({ attempt }) => attempt)).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25]);
  for (const { error } of waiting!.failures!) expect(error!.length).toBeLessThanOrEqual(200);
  const redis = new Redis(bus.redis);
  expect((await redis.lindex(keysOf(bus.run).queue('q'), 0))!.length).toBeLessThan(15_000);
  redis.disconnect();
});

test('history goes with a marble that waits for its next attempt, and not to a higher run', async () => {
  const marble = marbleOf();
  await marble.send('q', 1);
  await marble.wait('q');
  await marble.fail(new Error('later'), { retryInMs: 1 });
  await until('it is due', async () => (await peek.recovery.promote()).moved === 1);
  expect((await peek.dump('q'))[0]?.failures).toMatchObject([{ why: 'failed', error: 'later' }]);
});

test.each([
  ['half a character where the message is cut', `x${'😀'.repeat(2000)}`],
  ['a newline and a quote', 'a\n"b"'],
  ['half a character', 'lone \ud83d'],
])('a marble whose error has %s is not lost', async (_what, message) => {
  const marble = marbleOf({ maxAttempts: 2 });
  await marble.send('q', 1);
  await marble.wait('q');
  await marble.fail(new Error(message), { retryInMs: 0 });
  expect(await marble.wait('q', { timeoutMs: 5000 })).toBe(1);
  await marble.fail({ message }, { retryInMs: 0 });
  expect(await dead()).toHaveLength(1);
});

test('another client may give back with an error that is no JSON to Redis: nothing is lost', async () => {
  const options = { leaseMs: 60_000, timeLimitMs: 0, maxAttempts: 1, description: {} };
  const holding = peek.holders.holding(peek.holders.waitingConnection(1000), options);
  await holding.enter();
  await marbleOf().send('q', 1);
  const taken = await holding.swap({ sources: ['q'], want: 1 });
  if (taken.forgotten) throw new Error('the holder is not known');
  const error = { message: 'lone \ud83d' };
  await holding.giveBack([{ held: taken.taken[0]!, verdict: 'fail', delayMs: 0, error }]);
  expect(await dead()).toMatchObject([{ reason: { error: { message: expect.stringContaining('lone') } } }]);
});

test('a marble of its own time limit is taken back after it, its neighbours are not', async () => {
  const marble = marbleOf();
  for (const options of [{ timeLimitMs: 1 }, {}, { timeLimitMs: 60_000 }]) await marble.send('q', options, options);
  const workers = [marbleOf(), marbleOf(), marbleOf()];
  for (const worker of workers) expect(await worker.wait('q')).toBeDefined();
  await until('one is back', async () => (await sweep()).returned === 1);
  expect((await peek.dump('q')).map(({ data }) => String(data))).toEqual(['{"timeLimitMs":1}']);
  await expect(workers[0]!.finish()).rejects.toMatchObject({ code: 'MR_LEASE_LOST' });
  await workers[1]!.finish();
  await workers[2]!.finish();
  expect(await sweep()).toMatchObject({ returned: 0, dead: 0 });
});

test('a limit of its own counts for a marble that came while its worker waited, and 0 frees it of its worker', async () => {
  const worker = marbleOf({ timeLimitMs: 1 });
  const free = worker.wait('q');
  await until('the worker waits', async () => (await peek.status.holders()).length === 1);
  await worker.send('q', 'free', { timeLimitMs: 0 });
  expect(await free).toBe('free');
  const now = await peek.status.now();
  await until("its worker's limit has passed", async () => (await peek.status.now()) > now + 20);
  expect(await sweep()).toMatchObject({ returned: 0 });
  await worker.finish();

  const patient = marbleOf();
  const limited = patient.wait('q');
  await until('it waits too', async () => (await peek.status.holders()).length === 2);
  await worker.send('q', 'limited', { timeLimitMs: 1 });
  expect(await limited).toBe('limited');
  await until('it is back', async () => (await sweep()).returned === 1);
  await expect(patient.finish()).rejects.toMatchObject({ code: 'MR_LEASE_LOST' });
});

test('a finished marble leaves no time limit behind', async () => {
  const marble = marbleOf();
  const redis = new Redis(bus.redis);
  const limits = () => redis.zcard(keysOf(bus.run).deadlines);
  await marble.send('q', 1, { timeLimitMs: 3_600_000 });
  await marble.wait('q');
  expect(await limits()).toBe(1);
  await marble.finish();
  expect(await limits()).toBe(0);
  redis.disconnect();
});

test('a handler is told by its signal that the time of its marble has passed', async () => {
  const marble = marbleOf();
  await marble.send('q', 1, { timeLimitMs: 20, maxAttempts: 1 });
  const seen: unknown[] = [];
  const worker = marble.work(
    'q',
    (_data, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          seen.push(signal.reason);
          reject(signal.reason as Error);
        });
      }),
    { onError: () => undefined },
  );
  await until('the signal came', () => seen.length === 1);
  expect(seen[0]).toMatchObject({ code: 'MR_TIME_LIMIT', message: expect.stringContaining('20 ms') });
  await worker.stop();
});

test('how often and when a failed marble is tried again is told by the worker, or else by the marble', async () => {
  const marble = marbleOf();
  await marble.send('q', 'worker');
  await marble.send('q', 'marble', { maxAttempts: 2, retryBaseMs: 1, retryMaxMs: 1 });
  const tries: string[] = [];
  const worker = marble.work(
    'q',
    (data) => {
      tries.push(data as string);
      throw new Error('again');
    },
    { maxAttempts: 3, retryBaseMs: 0, retryMaxMs: 0, retryJitter: 0, onError: () => undefined },
  );
  await until('both are dead', async () => {
    await peek.recovery.promote();
    return (await peek.deadLetters.count()) === 2;
  });
  await worker.stop();
  expect(tries.filter((data) => data === 'worker')).toHaveLength(3);
  expect(tries.filter((data) => data === 'marble')).toHaveLength(2);
});

test.each([
  [{ timeLimitMs: -1 }, /send.timeLimitMs: -1 is not allowed; allowed: a whole number from 0/],
  [{ timelimitMs: 1 }, /did you mean "timeLimitMs"/],
  [{ retryBaseMs: 1.5 }, /send.retryBaseMs: 1.5/],
])('a bad send option %p is refused', async (options, message) => {
  await expect(marbleOf().send('q', 1, options as never)).rejects.toThrow(message);
});

test('a bad share of chance is refused', () => {
  expect(() => marbleOf({ retryJitter: 2 })).toThrow(
    /Marble.retryJitter: 2 is not allowed; allowed: a number from 0 to 1/,
  );
  const marble = marbleOf();
  expect(() => marble.work('q', () => undefined, { retryJiter: 1 } as never)).toThrow(/did you mean "retryJitter"/);
});
