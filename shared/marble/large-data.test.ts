/** Large data lie beside the list: they are there as long as their marble, and no longer. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { freshBus, until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Communicator } from '../communicator/communicator.js';
import { keysOf } from '../communicator/redis/keys.js';
import { bus, marbleOf, peek, sweep } from './testing.js';

const LARGE = 'x'.repeat(100_000);
let redis: Redis;
const keys = () => keysOf(bus.run);

beforeEach(() => {
  redis = new Redis(bus.redis);
});
afterEach(() => {
  redis.disconnect();
});

/** The keys of data, each with whether it would go by itself. */
async function beside(run = bus.run): Promise<boolean[]> {
  const names = await redis.keys(keysOf(run).data('*'));
  return Promise.all(names.map(async (name) => (await redis.ttl(name)) >= 0));
}

test('what is sent lies beside the list and lasts; what is finished is gone', async () => {
  const marble = marbleOf();
  await marble.send('q', { text: LARGE, small: 'ä' });
  expect(await beside()).toEqual([false]);
  const waiting = await redis.lindex(keys().queue('q'), 0);
  expect(waiting).toMatch(/^\S+ 0 \S+ j D=\S+\/100024\n$/);
  expect(await redis.get(keys().layout)).toBe('3');
  expect(await marble.wait('q')).toEqual({ text: LARGE, small: 'ä' });
  expect(await beside()).toEqual([false]);
  await marble.finish();
  expect(await beside()).toEqual([]);
});

test('the size from which on data lie beside the list is an option', async () => {
  await marbleOf({ largeBytes: 0 }).send('q', LARGE);
  expect(await beside()).toEqual([]);
  await marbleOf({ largeBytes: 10 }).send('q', '12345678');
  expect(await beside()).toEqual([false]);
  await marbleOf({ largeBytes: 11 }).send('q', '12345678');
  expect(await beside()).toHaveLength(1);
  const taker = marbleOf();
  for (const sent of [LARGE, '12345678', '12345678']) {
    expect(await taker.wait('q')).toBe(sent);
    await taker.finish();
  }
  expect(() => marbleOf({ largeBytes: -1 })).toThrow('MR_BAD_OPTION');
});

test('bytes and a codec arrive as they were sent, delayed and expedited ones too', async () => {
  const marble = marbleOf();
  const bytes = Buffer.from(Array.from({ length: 50_000 }, (_, i) => i % 256));
  await marble.expedite('q', bytes);
  await marble.send('q', LARGE, { delayMs: 1 });
  expect(await marble.wait('q')).toEqual(bytes);
  await marble.finish();
  await until('it is due', async () => (await peek.recovery.promote()).moved === 1);
  expect(await marble.wait('q')).toBe(LARGE);
  await marble.finish();
  expect(await beside()).toEqual([]);
});

test('a marble that fails keeps its data until it is finished or removed', async () => {
  const marble = marbleOf({ maxAttempts: 2 });
  await marble.send('q', LARGE);
  expect(await marble.wait('q')).toBe(LARGE);
  await marble.fail('once', { retryInMs: 0 });
  expect(await beside()).toEqual([false]);
  expect(await marble.wait('q')).toBe(LARGE);
  await marble.fail('twice', { retryInMs: 0 });
  const [letter] = await peek.deadLetters.list();
  expect(letter?.envelope?.large?.bytes).toBe(100_002);
  expect(await beside()).toEqual([false]);
  await peek.deadLetters.requeueAll();
  expect(await marble.wait('q')).toBe(LARGE);
  await marble.fail('again', { retryInMs: 0 });
  await marble.wait('q');
  await marble.fail('again', { retryInMs: 0 });
  expect(await peek.deadLetters.removeAll()).toBe(1);
  expect(await beside()).toEqual([]);
});

test('a finish that comes too late deletes nothing', async () => {
  const [late, other] = [marbleOf(), marbleOf()];
  await late.send('q', LARGE);
  await late.wait('q');
  const [{ holder }] = (await peek.status.holders()) as unknown as [{ holder: string }];
  await peek.recovery.endLease(holder);
  expect((await sweep()).returned).toBe(1);
  await expect(late.finish()).rejects.toMatchObject({ code: 'MR_LEASE_LOST' });
  expect(await beside()).toEqual([false]);
  expect(await other.wait('q')).toBe(LARGE);
  await other.finish();
  expect(await beside()).toEqual([]);
});

test('a handler sends large data with its finish, and none that is refused lasts', async () => {
  const marble = marbleOf();
  await marble.sendMany(
    'in',
    Array.from({ length: 30 }, (_, i) => ({ i, text: LARGE })),
  );
  expect(await beside()).toHaveLength(30);
  const worker = marble.work('in', (data, held) => void held.send('out', data), { concurrency: 5 });
  await until('all are done', async () => (await peek.dump('out')).length === 30);
  await worker.stop();
  expect(await beside()).toEqual(Array(30).fill(false));
  const seen: unknown[] = [];
  const taker = marbleOf();
  for (let n = 0; n < 30; n++) {
    const { i, text } = (await taker.wait('out')) as { i: number; text: string };
    expect(text).toBe(LARGE);
    seen.push(i);
    await taker.finish();
  }
  expect(seen.sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 30 }, (_, i) => i));
  expect(await beside()).toEqual([]);
});

test('unmonitored takes read the data, and delete them', async () => {
  const marble = marbleOf({ monitored: false });
  await marble.send('q', LARGE);
  expect(await marble.wait('q')).toBe(LARGE);
  const waited = marble.wait('q');
  await marbleOf().send('q', LARGE);
  expect(await waited).toBe(LARGE);
  expect(await beside()).toEqual([]);
});

test.each([true, false])(
  'a marble whose data are not there is dead with that reason; monitored: %s',
  async (monitored) => {
    const marble = marbleOf({ monitored });
    await marble.send('q', LARGE);
    await redis.del(await redis.keys(keys().data('*')));
    await marble.send('q', 'next');
    expect(await marble.wait('q')).toBe('next');
    expect(await peek.deadLetters.list()).toMatchObject([{ queue: 'q', reason: { why: 'data missing' } }]);
    await peek.deadLetters.requeueAll();
    expect(await marble.check('q')).toBeUndefined();
    expect(await peek.deadLetters.list()).toHaveLength(1);
  },
);

test('of a worker it is a dead letter too, which tells of it and goes on', async () => {
  const marble = marbleOf();
  await marble.sendMany('q', [LARGE, 'next']);
  await redis.del(await redis.keys(keys().data('*')));
  const errors: unknown[] = [];
  const done: unknown[] = [];
  const worker = marble.work('q', (data) => void done.push(data), { onError: (error) => errors.push(error) });
  await until('it is dead', async () => (await peek.deadLetters.count()) === 1 && done.length === 1);
  await worker.stop();
  expect(errors).toMatchObject([{ code: 'MR_DATA_MISSING' }]);
  expect(done).toEqual(['next']);
});

test('destroy deletes the data of what it deletes, and a transfer leaves them', async () => {
  const marble = marbleOf();
  await marble.sendMany(
    'a',
    Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? LARGE : i)),
  );
  expect(await peek.transfer('a', 'b', 1000)).toBe(300);
  expect(await beside()).toEqual(Array(100).fill(false));
  expect(await peek.destroy('b')).toBe(300);
  expect(await beside()).toEqual([]);
  expect(await peek.dump('b')).toEqual([]);
});

test('the retention of the dead deletes the data of those that go', async () => {
  const marble = marbleOf({ maxAttempts: 1 });
  await marble.sendMany(
    'q',
    Array.from({ length: 5 }, () => LARGE),
  );
  for (let i = 0; i < 5; i++) {
    await marble.wait('q');
    await marble.fail('no');
  }
  expect(await peek.deadLetters.expire(2, 0)).toBe(3);
  expect(await beside()).toEqual([false, false]);
});

test('delayed members of a cancelled batch are dropped with their data', async () => {
  const marble = marbleOf();
  const batch = await marble.batch('b');
  for (let i = 0; i < 3; i++) await batch.send('q', LARGE, { delayMs: 1_000_000 });
  await marble.send('q', LARGE, { delayMs: 1_000_000 });
  await batch.cancel();
  expect(await beside()).toEqual([false]);
});

test('a lane carries the data with their marble', async () => {
  const upper = new Communicator(freshBus(bus.redis));
  const marble = marbleOf();
  const above = marbleOf({ run: upper.run });
  try {
    await marble.elevate('q', LARGE);
    const source = peek.laneSource('lane');
    const transit = (await source.lift(['q'], { marbles: 10, bytes: 1_000_000 }))!;
    const options = { from: bus.run, hopLimit: 8, onward: () => false };
    expect(await upper.laneTarget().land(transit, options)).toMatchObject({ landing: 'landed' });
    expect(await beside(upper.run)).toEqual([false]);
    expect(await upper.laneTarget().land(transit, options)).toMatchObject({ landing: 'duplicate' });
    expect((await beside(upper.run)).sort()).toEqual([false, true]); // that of the second try goes by itself
    expect(await beside()).toEqual([false]);
    expect(await source.lift(['q'], { marbles: 10, bytes: 1_000_000 }, transit)).toBeUndefined();
    expect(await beside()).toEqual([]);
    expect(await above.wait('q')).toBe(LARGE);
    await above.finish();
    expect(await beside(upper.run)).toEqual([true]);
  } finally {
    await upper.close();
  }
});

test('a send that is refused leaves nothing that lasts', async () => {
  const marble = marbleOf();
  await redis.set(keys().queue('q'), 'no list');
  await expect(marble.send('q', LARGE)).rejects.toMatchObject({ code: 'MR_REDIS_WRONG_TYPE' });
  expect(await beside()).toEqual([true]);
});
