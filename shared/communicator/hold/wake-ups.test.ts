/** Wake-ups: whatever ends the emptiness of a queue that is watched puts one, and lost ones are issued again. */
import { beforeEach, expect, test } from '@jest/globals';
import { bus, connection, holder, keys, output, place, redis, send, swap, take } from '../testing.js';
import { Communicator } from '../communicator.js';
import { lookAt } from './wake-ups.js';

const watch = (...queues: string[]) => connection.run((to) => lookAt(to, keys, queues, 60_000));
/** The queues of these that have a wake-up. */
const woken = async (...queues: string[]) => {
  const there = await Promise.all(queues.map((queue) => redis.exists(keys.wake(queue))));
  return queues.filter((_, i) => there[i] === 1);
};

beforeEach(() => watch('q', 'other'));

/** Takes one marble of a queue that nobody watches yet, so that its queue is empty and has no wake-up. */
async function held(options = {}) {
  await send('q', 'm1');
  const holding = await holder(options);
  const [one] = await take(holding, 1);
  await watch('q');
  expect(await woken('q', 'other')).toEqual([]);
  return { holding, one: one! };
}

test.each<[what: string, act: () => Promise<unknown>]>([
  ['a send', () => send('q', 'm1')],
  ['a send to the front', () => bus.push([output('m1', 'q', { kind: 'front' })])],
  ['a send of several kinds', () => bus.push([output('m1'), output('m2', 'up', { kind: 'up' })])],
  [
    'a promotion',
    async () => {
      await bus.push([output('m1', 'q', { kind: 'later', delayMs: 0 })]);
      await bus.recovery.promote();
    },
  ],
  [
    'a transfer',
    async () => {
      await send('from', 'm1');
      await bus.transfer('from', 'q', 1);
    },
  ],
  [
    'a dead letter that is requeued',
    async () => {
      await bus.push([output('m1', 'q', { kind: 'dead', reason: '{"why":"tested"}' })]);
      await bus.deadLetters.requeueAll();
    },
  ],
  [
    'a finish that sends',
    async () => {
      await send('in', 'm0');
      const holding = await holder();
      const [one] = await take(holding, 1, 'in');
      await swap(holding, { finish: [{ held: one!, outputs: [output('m1')] }] });
    },
  ],
  [
    'a marble given back',
    async () => {
      const { holding, one } = await held();
      await holding.giveBack([{ held: one, verdict: 'release', delayMs: 0 }]);
    },
  ],
  [
    'a marble of a holder that fell silent',
    async () => {
      const { holding } = await held();
      await bus.recovery.endLease(holding.id);
      await bus.recovery.sweep(3);
    },
  ],
  ['a marble of a holder that leaves', async () => (await held()).holding.leave()],
  [
    'a marble over its time limit',
    async () => {
      const { holding, one } = await held({ timeLimitMs: 60_000 });
      await redis.zadd(keys.deadlines, 1, `${holding.id} ${one.receipt}`);
      await bus.recovery.sweep(3);
    },
  ],
  [
    'a transit that lands',
    async () => {
      const lower = new Communicator({ ...place, run: `${place.run}-low` });
      await lower.push([output('m1', 'q', { kind: 'up' })]);
      const transit = (await lower.laneSource('lane').lift(['q'], { marbles: 1, bytes: 1e6 }))!;
      await bus.laneTarget().land(transit, { from: lower.run, hopLimit: 8, onward: () => false });
      await lower.close();
    },
  ],
])('%s puts a wake-up beside a queue that was empty', async (_, act) => {
  expect(await woken('q', 'other')).toEqual([]);
  await act();
  expect(await woken('q', 'other')).toEqual(['q']);
  expect(await redis.zrange(keys.wake('q'), '0', '-1')).toEqual(['q']);
});

test('a queue that nobody watches, one that was not empty, and an outbox get none', async () => {
  await send('free', 'm1');
  await send('q', 'm2');
  await redis.del(keys.wake('q'));
  await send('q', 'm3');
  await bus.push([output('m4', 'other', { kind: 'up' }), output('m5', 'other', { kind: 'upFront' })]);
  expect(await woken('free', 'q', 'other')).toEqual([]);
});

test('a look puts wake-ups where marbles lie, and removes them elsewhere', async () => {
  await send('late', 'm1');
  await redis.zadd(keys.wake('gone'), 0, 'gone');
  expect(await watch('gone', 'late')).toBe(1);
  expect(await woken('gone', 'late')).toEqual(['late']);
  expect(await watch('gone', 'late')).toBe(0);
});

test('a note is renewed when half of it is over', async () => {
  const noted = async () => Number(await redis.hget(keys.watched, 'q'));
  const first = await noted();
  await watch('q');
  expect(await noted()).toBe(first);
  await redis.hset(keys.watched, 'q', first - 40_000);
  await watch('q');
  expect(await noted()).toBeGreaterThanOrEqual(first);
});

test('what was lost is issued again, in any number of queues, and what nobody watches is forgotten', async () => {
  const many = Array.from({ length: 1200 }, (_, i) => `m/${i}`);
  await watch(...many);
  await redis.hset(keys.watched, 'past', 1);
  await redis.zadd(keys.wake('past'), 0, 'past');
  await send('q', 'm1');
  await send('m/1199', 'm2');
  await redis.del(keys.wake('q'), keys.wake('m/1199'));
  expect(await bus.recovery.wakeAgain()).toBe(2);
  expect(await woken('q', 'm/1199', 'past', 'other')).toEqual(['q', 'm/1199']);
  expect(await redis.hexists(keys.watched, 'past')).toBe(0);
  expect(await redis.hlen(keys.watched)).toBe(1202);
  expect(await bus.recovery.wakeAgain()).toBe(0);
});

test('keys that hold something else keep nobody from sending, and are told to those who wait', async () => {
  await redis.del(keys.watched);
  await redis.set(keys.watched, 'x');
  await send('q', 'm1');
  expect((await bus.dump('q')).map(({ id }) => id)).toEqual(['m1']);
  await expect(watch('q')).rejects.toMatchObject({ code: 'MR_REDIS_WRONG_TYPE' });
});
