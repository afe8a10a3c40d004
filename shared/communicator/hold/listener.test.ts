/** Waits on several queues: who is woken, and what becomes of a wake-up that comes too late or is lost. */
import { expect, test } from '@jest/globals';
import { Cable, until } from '@marblerun/test-support';
import { Communicator } from '../communicator.js';
import { bus, closing, keys, place, redis, send } from '../testing.js';

const POLL_MS = 3_600_000; // nobody looks again meanwhile: a wake-up that is lost for good fails the test

const listening = (queues = ['a', 'b'], on = bus, pollMs = POLL_MS) => on.holders.listening(queues, pollMs);
const blocked = async () =>
  ((await redis.call('CLIENT', 'LIST')) as string).match(/ flags=b .*cmd=bzpopmin/g)?.length ?? 0;
const another = () => closing(new Communicator(place));

/** Waits until so many connections wait at Redis, beside those of other tests. */
async function listens(n: number, before: number): Promise<void> {
  await until(`${n} listen`, async () => (await blocked()) === before + n);
}

test.each(['a', 'b'])('a send to queue %s ends the wait, and names that queue', async (queue) => {
  const before = await blocked();
  const wait = listening().wait(POLL_MS);
  await listens(1, before);
  await send(queue, 'm1');
  expect(await wait).toBe(queue);
  expect(await redis.exists(keys.wake(queue))).toBe(0);
});

test('what lies there already ends it at once', async () => {
  await send('b', 'm1');
  expect(await listening().wait(POLL_MS)).toBe('b');
});

test('all of a process that wait on the same queues share a connection; the one that waited longest is woken', async () => {
  const before = await blocked();
  const [first, second, third] = [listening(), listening(['a', 'b'], another()), listening()] as const;
  const woken: string[] = [];
  const waits = [first, second, third].map((one, i) => one.wait(POLL_MS).then((queue) => woken.push(`${i} ${queue}`)));
  await listens(1, before);
  await send('a', 'm1');
  await until('one is woken', () => woken.length === 1);
  await send('b', 'm2');
  await until('another is woken', () => woken.length === 2);
  await listens(1, before);
  expect(woken).toEqual(['0 a', '1 b']);
  third.end();
  await Promise.all(waits);
  expect(woken).toEqual(['0 a', '1 b', '2 undefined']);
});

test('a wake-up that comes when nobody waits here any more goes to somebody else', async () => {
  const before = await blocked();
  const here = listening();
  const over = here.wait(POLL_MS);
  await listens(1, before);
  here.end();
  expect(await over).toBeUndefined();
  const there = listening(['a', 'c'], another()).wait(POLL_MS); // of other queues: by a connection of its own
  await listens(2, before);
  await send('a', 'm1');
  expect(await there).toBe('a');
  await until('nobody listens', async () => (await blocked()) === before);
});

test('the time of a wait may pass, and the next one goes on', async () => {
  const one = listening();
  expect(await one.wait(20)).toBeUndefined();
  const next = one.wait(POLL_MS);
  await send('a', 'm1');
  expect(await next).toBe('a');
});

test('a marble that came without a wake-up is found with the next look', async () => {
  const before = await blocked();
  const wait = listening(['a', 'b'], bus, 100).wait(POLL_MS);
  await listens(1, before);
  await redis.lpush(keys.queue('b'), 'sent by an older version');
  expect(await wait).toBe('b');
});

test('a wake-up whose reply is lost is issued again, also for one who waited on while another was woken', async () => {
  const cable = closing(await Cable.to(place.redis));
  const far = closing(new Communicator({ ...place, redis: cable.url }));
  const lost = cable.loseReplyTo('bzpopmin', keys.wake('a'));
  const before = await blocked();
  const [first, second] = [listening(['a', 'b'], far).wait(POLL_MS), listening(['a', 'b'], far).wait(POLL_MS)] as const;
  await listens(1, before);
  await send('b', 'm1');
  expect(await first).toBe('b');
  await listens(1, before);
  await send('a', 'm2');
  await lost;
  expect(await second).toBe('a');
});

test('after leave nothing listens, and a wait of a closed communicator fails', async () => {
  const before = await blocked();
  const one = listening();
  const wait = one.wait(POLL_MS);
  await listens(1, before);
  await one.leave();
  expect(await wait).toBeUndefined();
  await until('nobody listens', async () => (await blocked()) === before);
  await expect(one.wait(1)).rejects.toMatchObject({ code: 'MR_CLOSED' });
  const other = another();
  const failed = expect(listening(['a', 'b'], other).wait(POLL_MS)).rejects.toMatchObject({ code: 'MR_CLOSED' });
  await listens(1, before);
  await other.close();
  await failed;
  await until('nobody listens', async () => (await blocked()) === before);
});

test('those who wait are told what Redis refuses', async () => {
  await redis.set(keys.watched, 'x');
  await expect(listening().wait(POLL_MS)).rejects.toMatchObject({ code: 'MR_REDIS_WRONG_TYPE' });
});
