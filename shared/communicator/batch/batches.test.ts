/** Batches as a Monitor and a client ask for them. Their life through a client is in shared/marble/batch.test.ts. */
import { expect, test } from '@jest/globals';
import { bus, keys, output, redis } from '../testing.js';
import type { BatchAbout } from './batch-state.js';

const about = (name: string, more: Partial<BatchAbout> = {}): BatchAbout => ({
  ...{ name, onDead: 'wait', keepMs: 60_000, elevated: 'wait' },
  ...more,
});
const open = async (name: string, parent?: string, more: Partial<BatchAbout> = {}) =>
  (await bus.batches.open({ about: about(name, more), parent, then: undefined })).id;
const stateOf = async (id: string) => (await bus.batches.states([id]))[0];
const member = (id: string, of: string, more = {}) => output(id, 'q', { member: of, ...more });

test('a name is opened once; whoever comes later joins with the settings of the first', async () => {
  const first = await bus.batches.open({ about: about('b', { maxDead: 3 }), parent: undefined, then: undefined });
  const second = await bus.batches.open({ about: about('b', { keepMs: 1 }), parent: undefined, then: undefined });
  expect([first.joined, second.joined, second.id]).toEqual([false, true, first.id]);
  expect(second.about).toEqual(about('b', { maxDead: 3 }));
  expect([await bus.batches.idOf('b'), await bus.batches.idOf('other'), await bus.batches.count()]).toEqual([
    ...[first.id, undefined, 1],
  ]);
});

test('none is opened in a batch that is unknown, complete or cancelled', async () => {
  const [complete, cancelled] = [await open('complete'), await open('cancelled')];
  await bus.batches.seal(complete);
  await bus.push([member('m1', cancelled)]);
  await bus.batches.cancel(cancelled, 'not wanted');
  for (const [parent, code] of [
    ['absent', 'MR_NOT_FOUND'],
    [complete, 'MR_BATCH_CLOSED'],
    [cancelled, 'MR_BATCH_CLOSED'],
  ] as const)
    await expect(open('inner', parent)).rejects.toMatchObject({ code });
  expect(await bus.batches.idOf('inner')).toBeUndefined();
});

test('a seal that expects more than were sent is refused with both numbers, and the batch stays open', async () => {
  const id = await open('b');
  await bus.push([member('m1', id)]);
  await expect(bus.batches.seal(id, 2)).rejects.toMatchObject({
    code: 'MR_BATCH_SHORT',
    message: expect.stringMatching(/it has only 1 of at least 2 marbles/),
  });
  expect((await stateOf(id))?.sealed).toBe(false);
  await bus.batches.seal(id, 1);
  expect((await stateOf(id))?.sealed).toBe(true);
  await expect(bus.batches.seal('absent')).rejects.toMatchObject({ code: 'MR_NOT_FOUND' });
});

test('a cancel reaches all batches in it, however many and however deep, and drops what is delayed', async () => {
  const top = await open('top');
  const inner = await Promise.all(Array.from({ length: 520 }, (_, i) => open(`inner${i}`, top)));
  const deep = await open('deep', inner.at(-1));
  await bus.push([deep, inner[0]!, top].map((id) => member(`m.${id}`, id, { kind: 'later', delayMs: 3_600_000 })));
  expect(await bus.status.laterCount()).toBe(3);
  expect(await bus.batches.cancel(top, 'not wanted')).toBe(true);
  expect(await bus.status.laterCount()).toBe(0);
  const states = await bus.batches.states([top, ...inner, deep]);
  expect(new Set(states.map((state) => state?.cancelled))).toEqual(new Set(['not wanted']));
  expect(states.every((state) => state?.doneAt !== undefined)).toBe(true);
  expect(await bus.batches.cancelled()).toEqual([]);
});

test('a batch that is complete is not cancelled, one in it keeps its own reason, and an unknown one is refused', async () => {
  const [complete, top] = [await open('complete'), await open('top')];
  await bus.batches.seal(complete);
  expect(await bus.batches.cancel(complete, 'late')).toBe(false);
  expect((await stateOf(complete))?.cancelled).toBeUndefined();
  const inner = await open('inner', top);
  await bus.push([member('m1', inner)]); // so it is not complete
  await bus.batches.cancel(inner, 'first');
  await bus.batches.cancel(top, 'second');
  expect([(await stateOf(inner))?.cancelled, (await stateOf(top))?.cancelled]).toEqual(['first', 'second']);
  await expect(bus.batches.cancel('absent', 'x')).rejects.toMatchObject({ code: 'MR_NOT_FOUND' });
});

test('states come in the order of the ids, also for more than one step, with nothing for what does not exist', async () => {
  const ids = await Promise.all(Array.from({ length: 250 }, (_, i) => open(`b${i}`)));
  const asked = [...ids, 'absent'].reverse();
  const states = await bus.batches.states(asked);
  expect(states.map((state) => state?.id)).toEqual([undefined, ...[...ids].reverse()]);
  expect(await bus.batches.states([])).toEqual([]);
});

test('the list has open ones first, then the latest complete, page by page', async () => {
  const [a, b, c] = [await open('a'), await open('b'), await open('c')];
  await bus.batches.seal(b);
  await redis.zadd(keys.batchends, 1, a); // complete long ago
  expect((await bus.batches.list()).map(({ name }) => name)).toEqual(['c', 'b', 'a']);
  expect((await bus.batches.list(1, 1)).map(({ id }) => id)).toEqual([b]);
  expect(c).not.toBe(b);
});

test('the batches in one are listed page by page, and those of one whose id begins alike are not among them', async () => {
  const top = await open('top');
  const inner = (await Promise.all(['x', 'y', 'z'].map((name) => open(name, top)))).sort();
  await redis.zadd(keys.children, 0, `${top}x foreign`);
  expect(await bus.batches.childrenOf(top)).toEqual(inner);
  const [first] = await bus.batches.childrenOf(top, 1);
  expect([first, ...(await bus.batches.childrenOf(top, 10, first))]).toEqual(inner);
});

test('the serials of its dead come in steps, and only its own', async () => {
  const [id, other] = [await open('b'), await open('other')];
  const dead = (of: string, n: number) =>
    Array.from({ length: n }, (_, i) => member(`${of}.${i}`, of, { kind: 'dead', reason: '{"why":"tested"}' }));
  await bus.push(dead(id, 700));
  await bus.push(dead(other, 1));
  const steps: string[][] = [];
  for await (const some of bus.batches.deadOf(id)) steps.push(some);
  expect(steps.map(({ length }) => length)).toEqual([500, 200]);
  const letters = await bus.deadLetters.read(steps.flat());
  expect(new Set(letters.map(({ envelope }) => envelope!.id))).toEqual(
    new Set(dead(id, 700).map((_, i) => `${id}.${i}`)),
  );
});

test('tidying ends a cancel that was cut off between a batch and the batches in it', async () => {
  const top = await open('top');
  const inner = await open('inner', top);
  await bus.push([member('m1', inner, { kind: 'later', delayMs: 3_600_000 }), output('m2')]);
  await redis.hset(keys.batches, `${top} cancel`, 'cut off');
  await redis.zadd(keys.cancelled, 0, top);
  expect(await bus.batches.tidy()).toEqual({ discarded: 1, forgotten: 0 });
  expect((await bus.batches.states([inner]))[0]).toMatchObject({ cancelled: 'cut off', left: 0 });
});

test('tidying forgets what was complete for as long as it is kept, however many, and nothing else', async () => {
  const [old, kept] = [
    await Promise.all(Array.from({ length: 250 }, (_, i) => open(`old${i}`))),
    await Promise.all(['open', 'recent'].map((name) => open(name))),
  ];
  for (const id of [...old, kept[1]!]) await bus.batches.seal(id);
  for (const id of old) await redis.zadd(keys.batchends, 1, id);
  expect(await bus.batches.tidy()).toEqual({ discarded: 0, forgotten: 250 });
  expect((await bus.batches.list()).map(({ id }) => id)).toEqual(kept);
  expect(await bus.batches.idOf('old7')).toBeUndefined();
});
