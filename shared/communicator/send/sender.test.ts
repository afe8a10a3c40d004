import { expect, test } from '@jest/globals';
import { Cable, until } from '@marblerun/test-support';
import { Communicator } from '../communicator.js';
import { bus, closing, countsOf, envelope, keys, output, place, redis, sentNumbers, waiting } from '../testing.js';

const marble = (queue: string, data: string, kind: 'back' | 'front' = 'back') =>
  output(data, queue, { kind, envelope: envelope('m', {}, data) });
const dataIn = async (queue: string) => (await bus.dump(queue, 0, 20_000)).map(({ data }) => data.toString());

test('marbles wait in the order in which they were sent, expedited ones before all others', async () => {
  await bus.push([output('m1'), output('m2')]);
  await bus.push([output('m3'), output('first', 'q', { kind: 'front' }), output('second', 'q', { kind: 'front' })]);
  expect(await waiting()).toEqual(['first', 'second', 'm1', 'm2', 'm3']);
});

test('what is sent in one turn is there at once, in one command, whatever the queues', async () => {
  await bus.push([output('m0', 'other')]); // its rights are asked for by now
  const sends = [1, 2, 3].map((n) => bus.push([output(`a${n}`, 'a'), output(`b${n}`, 'b')]));
  await Promise.all(sends);
  expect([await waiting('a'), await waiting('b')]).toEqual([
    ['a1', 'a2', 'a3'],
    ['b1', 'b2', 'b3'],
  ]);
  expect(await sentNumbers()).toEqual([2]);
});

test('what is sent at once and is too much for one command goes in several, each send whole and all in order', async () => {
  const all = Array.from({ length: 12_000 }, (_, i) => String(i));
  const sends = [all.slice(0, 4000), all.slice(4000, 4001), all.slice(4001)];
  const long = ['x', 'y', 'z'].map((letter) => letter.repeat(600_000));
  await Promise.all([
    ...sends.map((some) => bus.push(some.map((data) => marble('many', data)))),
    ...long.map((data) => bus.push([marble('large', data)])),
  ]);
  expect(await dataIn('many')).toEqual(all);
  expect(await dataIn('large')).toEqual(long);
  expect((await sentNumbers())[0]).toBeGreaterThan(3);
});

test('what is sent while a command is under way goes together with the next', async () => {
  await bus.push([output('m0')]);
  const first = bus.push([output('m1')]);
  await until('it is under way', () => bus.isSending);
  await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([first, bus.push([output('m2')]), bus.push([output('m3')])]);
  expect(await waiting()).toEqual(['m0', 'm1', 'm2', 'm3']);
  expect(await sentNumbers()).toEqual([3]);
});

test('a send that is refused as a whole sends nothing, and others go on', async () => {
  await redis.set(keys.queue('broken'), 'x');
  const refused = bus.push([output('m1'), output('m2', 'broken')]);
  await expect(refused).rejects.toMatchObject({ code: 'MR_REDIS_WRONG_TYPE' });
  await bus.push([output('m3')]);
  expect([await waiting(), bus.isSending]).toEqual([['m3'], false]);
});

test('a closed batch refuses only what is sent to it, also among sends of the same moment', async () => {
  const about = { onDead: 'wait', keepMs: 60_000, elevated: 'wait' } as const;
  const open = async (name: string) =>
    (await bus.batches.open({ about: { ...about, name }, parent: undefined, then: undefined })).id;
  const [sealed, other] = [await open('sealed'), await open('other')];
  await bus.batches.seal(sealed);
  const [refused, ...sent] = await Promise.allSettled(
    [sealed, other, undefined].map((member, i) => bus.push([output(`m${i}`, 'q', { member })])),
  );
  expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'MR_BATCH_CLOSED' } });
  expect(sent.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  expect(await waiting()).toEqual(['m1', 'm2']);
});

test('a send whose reply was lost is asked again under its number, and each sender has its own', async () => {
  const cable = closing(await Cable.to(place.redis));
  const far = closing(new Communicator({ ...place, redis: cable.url }));
  await Promise.all([far.push([output('m0')]), bus.push([output('n0')])]);
  const lost = cable.loseReplyTo('m1 ');
  await far.push([output('m1')]);
  await lost;
  await bus.push([output('n1')]);
  expect((await waiting()).sort()).toEqual(['m0', 'm1', 'n0', 'n1']);
  expect([(await countsOf())?.sent, await sentNumbers()]).toEqual([4, [2, 2]]);
});

test('close waits for what is under way, and nothing to send is no command', async () => {
  const sent = bus.push([output('m1')]);
  await bus.push([]);
  await bus.close();
  await sent;
  expect(await redis.llen(keys.queue('q'))).toBe(1);
});
