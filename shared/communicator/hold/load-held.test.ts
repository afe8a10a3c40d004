import { expect, test } from '@jest/globals';
import type { Envelope } from '../data/envelope.js';
import type { Held } from './held.js';
import { bus, holder, keys, largeOutput, redis, swap, take } from '../testing.js';

const decode = ({ data }: Envelope) => `decoded: ${data.toString()}`;

test('the data of a marble in hand are decoded as they come', async () => {
  await bus.push([largeOutput('x')]);
  const [held] = (await take(await holder(), 1)) as [Held];
  await held.holder!.load(held, decode);
  expect(held.loaded).toEqual({ data: 'decoded: data of x' });
  expect(held.envelope.data).toHaveLength(0);
});

test('bytes may be kept: they are not those of the next marble', async () => {
  await bus.push([largeOutput('x'), largeOutput('y')]);
  const some = await take(await holder(), 2);
  for (const held of some) await held.holder!.load(held, ({ data }) => data);
  expect(some.map(({ loaded }) => loaded && 'data' in loaded && String(loaded.data))).toEqual([
    'data of x',
    'data of y',
  ]);
});

test('data that cannot be decoded are kept for whoever works on the marble', async () => {
  await bus.push([largeOutput('x')]);
  const [held] = (await take(await holder(), 1)) as [Held];
  const error = new Error('unreadable');
  await held.holder!.load(held, () => {
    throw error;
  });
  expect(held.loaded).toEqual({ error });
});

test('a marble whose data are not there is dead with that reason', async () => {
  await bus.push([largeOutput('x')]);
  const [held] = (await take(await holder(), 1)) as [Held];
  await redis.del(keys.data('x'));
  await expect(held.holder!.load(held, decode)).rejects.toMatchObject({ code: 'MR_DATA_MISSING' });
  expect(await bus.deadLetters.list()).toMatchObject([{ reason: { why: 'data missing' }, envelope: { id: 'x' } }]);
});

test('a late holder that finds no data any more is told that the marble is not its own', async () => {
  await bus.push([largeOutput('x')]);
  const [late, other] = [await holder(), await holder()];
  const [held] = (await take(late, 1)) as [Held];
  await bus.recovery.endLease(late.id);
  await bus.recovery.sweep(3);
  const [again] = (await take(other, 1)) as [Held];
  await swap(other, { finish: [{ held: again, outputs: [] }] });
  await expect(late.load(held, decode)).rejects.toMatchObject({ code: 'MR_LEASE_LOST' });
  expect(await bus.deadLetters.count()).toBe(0);
});
