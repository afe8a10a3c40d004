/** Sends to a queue in which others wait: by the script that has no keys to tell of an empty one. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Cable, ownRedis } from '@marblerun/test-support';
import { Communicator } from '../communicator.js';
import { bus, closing, countsOf, keys, output, place, redis, waiting } from '../testing.js';

ownRedis(beforeAll, afterAll); // it counts commands

/** Sends after which a sender is certain of a backlog: the first finds an empty queue, and sixteen others. */
const SENDS = 17;
const names = (from: number, n: number) => Array.from({ length: n }, (_, i) => `m${from + i}`);

async function sendEach(ids: readonly string[], by = bus): Promise<void> {
  for (const id of ids) await by.push([output(id)]);
}

/** How often marbles were pushed so, and how often the other way. */
async function pushes(): Promise<number[]> {
  const info = await redis.info('commandstats');
  return ['lpushx', 'lpush'].map((name) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(info)?.[1] ?? 0));
}

let before: number[];
const sinceThen = async () => (await pushes()).map((calls, i) => calls - before[i]!);

beforeEach(async () => {
  await sendEach(names(0, SENDS));
  before = await pushes();
});

test('a sender that has found others for some time counts on them, in order and counted', async () => {
  await sendEach(names(SENDS, 10));
  expect(await sinceThen()).toEqual([10, 0]);
  expect(await waiting()).toEqual(names(0, SENDS + 10));
  expect((await countsOf())?.sent).toBe(SENDS + 10);
});

test('where all were taken meanwhile it tells of the queue, and begins anew', async () => {
  await redis.del(keys.queue('q'), keys.queues);
  await sendEach(['a', 'b']);
  expect(await sinceThen()).toEqual([1, 2]);
  expect([await waiting(), await redis.zrange(keys.queues, '0', '-1')]).toEqual([['a', 'b'], ['q']]);
  expect((await countsOf())?.sent).toBe(SENDS + 2);
});

test('it wakes who waits for the queue where it had become empty', async () => {
  await redis.del(keys.queue('q'));
  await redis.hset(keys.watched, 'q', String(Date.now() + 60_000));
  await sendEach(['a']);
  expect(await redis.zrange(keys.wake('q'), '0', '-1')).toEqual(['q']);
});

test('what goes together, or elsewhere, goes the other way', async () => {
  await bus.push([output('a'), output('b')]);
  await bus.push([output('c', 'other')]);
  expect(await sinceThen()).toEqual([0, 2]);
});

test.each([true, false])(
  'a send whose reply was lost is not done twice; all were taken meanwhile: %p',
  async (taken) => {
    const cable = closing(await Cable.to(place.redis));
    const far = closing(new Communicator({ ...place, redis: cable.url }));
    await sendEach(names(SENDS, SENDS), far);
    const lost = cable.loseReplyTo('once ');
    const sent = far.push([output('once')]);
    await lost;
    if (taken) await redis.del(keys.queue('q'));
    await sent;
    expect(await waiting()).toEqual(taken ? [] : [...names(0, 2 * SENDS), 'once']);
    expect((await countsOf())?.sent).toBe(2 * SENDS + 1);
  },
);

test('a send that fails half-way may be sent again under its number', async () => {
  await redis.rename(keys.counts, `${keys.counts}:away`);
  await redis.set(keys.counts, 'no hash');
  await expect(bus.push([output('a')])).rejects.toMatchObject({
    code: 'MR_REDIS_WRONG_TYPE',
    message: expect.stringContaining('script "pushBehind"'),
  });
  const [sender = ''] = await redis.keys(keys.sender('*'));
  expect(await redis.get(sender)).toBe(String(SENDS));
  await redis.rename(`${keys.counts}:away`, keys.counts);
  await sendEach(['b']);
  expect(await redis.get(sender)).toBe(String(SENDS + 2));
});

test('a queue whose key holds something else is told by name', async () => {
  await redis.set(keys.queue('q'), 'x');
  await expect(bus.push([output('a')])).rejects.toMatchObject({
    code: 'MR_REDIS_WRONG_TYPE',
    message: expect.stringContaining(keys.queue('q')),
  });
});
