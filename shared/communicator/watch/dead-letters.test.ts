import { expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { encodeEnvelope } from '../data/envelope.js';
import type { Output } from '../send/outputs.js';
import { bus, keys, redis } from '../testing.js';

const dead = (queue: string, id: string, data = '1'): Output => {
  const envelope = encodeEnvelope({ id, attempt: 3, sentAt: Date.now(), type: 'j' }, data);
  return { kind: 'dead', queue, envelope, reason: '{"why":"tested"}' };
};
const serials = async () => (await bus.deadLetters.list(0, 10_000)).map(({ serial }) => serial).reverse();
const expired = async (queue: string) => (await bus.show()).find((status) => status.queue === queue)?.counts.expired;

test('any number is put back, each to its own queue, its attempts forgotten', async () => {
  await bus.push(Array.from({ length: 700 }, (_, i) => dead(`q/${i % 3}`, `m${i}`)));
  expect(await bus.deadLetters.count()).toBe(700);
  expect(await bus.deadLetters.requeueAll('q/0')).toBe(234);
  expect(await bus.deadLetters.count()).toBe(466);
  expect(await bus.deadLetters.requeueAll()).toBe(466);
  expect(await bus.deadLetters.count()).toBe(0);
  const back = (await Promise.all([0, 1, 2].map((i) => bus.dump(`q/${i}`, 0, 1000)))).flat();
  expect(back.map(({ id }) => id).sort()).toEqual(Array.from({ length: 700 }, (_, i) => `m${i}`).sort());
  expect(new Set(back.map(({ attempt }) => attempt))).toEqual(new Set([0]));
});

test('two that put back all at once put each back once', async () => {
  await bus.push(Array.from({ length: 500 }, (_, i) => dead('q', `m${i}`)));
  const done = await Promise.all([bus.deadLetters.requeueAll(), bus.deadLetters.requeueAll()]);
  expect(done[0] + done[1]).toBe(500);
  expect(await bus.dump('q', 0, 1000)).toHaveLength(500);
});

test('large ones are put back in steps too', async () => {
  await bus.push(Array.from({ length: 20 }, (_, i) => dead('q', `m${i}`, JSON.stringify('x'.repeat(300_000)))));
  expect(await bus.deadLetters.requeueAll()).toBe(20);
  expect((await bus.dump('q')).map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, i) => `m${i}`));
});

test('what is no envelope is put back as it is', async () => {
  await bus.push([{ kind: 'dead', queue: 'q', envelope: 'no envelope', reason: '{"why":"unreadable"}' }]);
  expect(await bus.deadLetters.list()).toMatchObject([{ queue: 'q', envelope: undefined }]);
  expect(await bus.deadLetters.requeue(await serials())).toBe(1);
  expect(await bus.deadLetters.count()).toBe(0);
  await expect(bus.dump('q')).rejects.toMatchObject({ code: 'MR_DATA_UNREADABLE' });
});

test('the oldest that are too many are removed and counted, whatever their number', async () => {
  await bus.push(Array.from({ length: 350 }, (_, i) => dead('q', `m${i}`)));
  const before = await serials();
  expect(await bus.deadLetters.expire(0, 0)).toBe(0);
  expect(await bus.deadLetters.expire(350, 0)).toBe(0);
  expect(await bus.deadLetters.expire(100, 0)).toBe(250);
  expect(await serials()).toEqual(before.slice(250));
  expect(await expired('q')).toBe(250);
});

test('those that died too long ago are removed, others not', async () => {
  await bus.push([dead('q', 'old')]);
  const { at } = (await bus.deadLetters.list())[0]!;
  await until('a moment has passed', async () => (await bus.status.now()) > at + 500);
  await bus.push([dead('q', 'young')]);
  expect(await bus.deadLetters.expire(0, 60_000)).toBe(0);
  expect(await bus.deadLetters.expire(10, 500)).toBe(1);
  expect((await bus.deadLetters.list()).map(({ envelope }) => envelope?.id)).toEqual(['young']);
});

test.each([
  ['no JSON', 'nonsense'],
  ['JSON of another kind', '[1]\nx'],
  ['nothing at all', ''],
  ['a queue of no allowed name', `{"queue":"a b","at":1,"reason":{}}\nx`],
])('a letter that is %s hides no other, and can be deleted', async (_what, letter) => {
  await redis.zadd(keys.dead, 1, '99');
  await redis.hset(keys.letters, '99', letter);
  await bus.push([dead('good', 'm1')]);
  expect((await bus.deadLetters.list()).map(({ serial }) => serial)).toContain('99');
  const unreadable = { queue: '-', at: 0, reason: { why: 'unreadable letter' } };
  const shown = letter.includes('a b') ? { queue: 'a b', at: 1, reason: {} } : unreadable;
  expect(await bus.deadLetters.get('99')).toMatchObject({ serial: '99', ...shown });
  expect(await bus.deadLetters.requeueAll()).toBe(1);
  expect((await bus.dump('good')).map(({ id }) => id)).toEqual(['m1']);
  expect(await bus.deadLetters.removeAll()).toBe(1);
  expect(await bus.deadLetters.count()).toBe(0);
});

test.each([
  ['date', '{"queue":"q","reason":{}}'],
  ['reason', '{"queue":"q","at":1}'],
  ['queue', '{"at":1,"reason":{}}'],
])('a letter without its %s is shown as one that cannot be read', async (_what, line) => {
  await redis.zadd(keys.dead, 1, '99');
  await redis.hset(keys.letters, '99', `${line}\nx`);
  expect(await bus.deadLetters.list()).toMatchObject([{ queue: '-', at: 0, reason: { why: 'unreadable letter' } }]);
});
