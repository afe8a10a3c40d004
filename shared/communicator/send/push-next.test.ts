/** Sends of which much waits: several commands are under way, and each is done only where the one before it was. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Cable, ownRedis, until } from '@marblerun/test-support';
import { Communicator } from '../communicator.js';
import {
  closing,
  connection,
  countsOf,
  envelope,
  keys,
  output,
  place,
  redis,
  sentNumbers,
  waiting,
} from '../testing.js';
import { PlainScripts } from './plain-scripts.js';

ownRedis(beforeAll, afterAll); // it flushes scripts, and asks what the server did

/** 170 kB: more than may be under way, in seven commands. */
const MANY = 80;
const text = 'x'.repeat(2000);
const names = (n = MANY) => Array.from({ length: n }, (_, i) => `m${i}`);
const large = (id: string, queue = 'q') => output(id, queue, { envelope: envelope(id, {}, text) });
const far = async () => {
  const cable = closing(await Cable.to(place.redis));
  const bus = closing(new Communicator({ ...place, redis: cable.url }));
  await bus.push([output('first', 'other')]); // its rights are asked for by now
  return { cable, bus };
};

test('a command behind another is done where that was done, and otherwise nothing is', async () => {
  const { push, pushNext } = new PlainScripts(keys, 'sender', 'q');
  const by = (script: typeof push | typeof pushNext, n: number) =>
    connection.run((client) => script.call(client, { number: n }, [envelope(`m${n}`)]));
  expect([await by(pushNext, 2), await waiting(), await redis.get(keys.sender('sender'))]).toEqual([-1, [], '0']);
  expect([await by(push, 1), await by(pushNext, 3), await waiting()]).toEqual([1, -1, ['m1']]);
  expect([await by(pushNext, 2), await by(pushNext, 3)]).toEqual([2, 2]);
  expect([await by(pushNext, 3), await by(push, 2), await by(pushNext, 1)]).toEqual([0, 0, 0]);
  expect([await waiting(), await redis.get(keys.sender('sender'))]).toEqual([['m1', 'm2', 'm3'], '3']);
  expect((await countsOf())?.sent).toBe(3);
});

test('four are under way, and no fifth', async () => {
  const { cable, bus } = await far();
  cable.freeze();
  const sends = names().map((id) => bus.push([large(id)]));
  await until('four are written', () => cable.heldBytes > 90_000);
  await new Promise((resolve) => setImmediate(resolve));
  expect(cable.heldBytes).toBeLessThan(105_000);
  cable.release();
  await Promise.all(sends);
  expect(await waiting()).toEqual(names());
  expect((await countsOf())?.sent).toBe(MANY);
});

test('what is little waits for the answer, and goes together', async () => {
  const { bus } = await far();
  await Promise.all([bus.push([output('a')]), bus.push([output('b')])]);
  const first = bus.push([output('c')]);
  await Promise.resolve();
  await Promise.resolve();
  await Promise.all([first, ...names().map((id) => bus.push([output(id)]))]);
  expect(await sentNumbers()).toEqual([4]);
});

test.each([
  ['the first', 'm0 '],
  ['the second', 'm15 '],
  ['the last', 'm79 '],
])('where the reply to %s is lost, all are done once and in order', async (_which, lost) => {
  const { cable, bus } = await far();
  const happened = cable.loseReplyTo(lost);
  await Promise.all(names().map((id) => bus.push([large(id)])));
  await happened;
  expect(await waiting()).toEqual(names());
  expect((await countsOf())?.sent).toBe(MANY);
});

test('where Redis has forgotten both scripts, each is brought again, in order', async () => {
  const { bus } = await far();
  await Promise.all(names().map((id) => bus.push([large(id, 'other')])));
  await redis.script('FLUSH');
  await Promise.all(names().map((id) => bus.push([large(id)])));
  expect(await waiting()).toEqual(names());
});

type Output = ReturnType<typeof output>;
const many = () => names().map((id) => large(id));

/** Sends one, and others while it is under way. */
const oneAndMany = (bus: Communicator, one: Output, others = many()) => {
  const first = bus.push([one]);
  const rest = new Promise<void>((resolve) => setImmediate(resolve)).then(() =>
    Promise.all(others.map((other) => bus.push([other]))),
  );
  return [first, rest] as const;
};

test.each([
  ['the others are done behind that', many(), ['first', ...names()]],
  ['what is of another kind waits for it', many().map((one) => ({ ...one, kind: 'front' as const })), undefined],
])('where the first turns out to need another script, %s', async (_what, others, expected) => {
  const { bus } = await far();
  for (let i = 0; i < 17; i++) await bus.push([output('before')]); // now it counts on a backlog
  await redis.del(keys.queue('q'));
  await Promise.all(oneAndMany(bus, output('first'), others));
  expect(await waiting()).toEqual(expected ?? [...names(), 'first']);
});

test('where the first is refused, what follows is sent all the same', async () => {
  const { bus } = await far();
  await redis.set(keys.queue('broken'), 'no list');
  const [broken, rest] = oneAndMany(bus, output('first', 'broken'));
  await expect(broken).rejects.toMatchObject({ code: 'MR_REDIS_WRONG_TYPE' });
  await rest;
  expect([await waiting(), (await countsOf())?.sent]).toEqual([names(), MANY]);
});

test('what is no plain send waits for all before it', async () => {
  const { bus } = await far();
  const sends = [...names().map((id) => large(id)), output('front', 'q', { kind: 'front' }), large('last')];
  await Promise.all(sends.map((one) => bus.push([one])));
  expect(await waiting()).toEqual(['front', ...names(), 'last']);
});

test('close waits for all', async () => {
  const { bus } = await far();
  const sends = Promise.all(names().map((id) => bus.push([large(id)])));
  await new Promise((resolve) => setImmediate(resolve));
  await bus.close();
  await sends;
  expect(await waiting()).toEqual(names());
});
