/** Large data by themselves: what scripts say where they are not there, and how they are read. */
import { expect, test } from '@jest/globals';
import type { Held } from '../hold/held.js';
import { callScript, type ScriptCall } from '../redis/scripts.js';
import { bus, holder, keys, largeOutput, place, redis, take } from '../testing.js';
import { sendingLarge } from './large-data.js';

/** The command that a sender makes, without the data that it sets before. */
function push(number: number, name: string): ScriptCall<'pushLarge'> {
  const told = [0, 0, '', '', 1, name, 0];
  const lines = [1, 'q', 1, 'back', 1, '', '', 1, largeOutput(name).envelope];
  return {
    keys: { sender: keys.sender('s') },
    args: { number, rememberMs: 10_000 },
    ...{ moreKeys: [keys.queue('q'), keys.absent, keys.data(name)], moreArgs: [...told, ...lines] },
  };
}

test('a marble is not sent without its data, and its number is not used up', async () => {
  expect(await callScript(redis, keys, 'pushLarge', push(1, 'x'))).toBe(-1);
  expect(await redis.keys(`mr:{${place.run}}:*`)).toEqual([]);
  await redis.set(keys.data('x'), 'data', 'EX', 100);
  expect(await callScript(redis, keys, 'pushLarge', push(1, 'x'))).toBe(1);
  expect(await redis.ttl(keys.data('x'))).toBe(-1);
});

test('a send that is asked again once its marble has ended does not bring its data back for good', async () => {
  await redis.set(keys.data('x'), 'data', 'EX', 100);
  await callScript(redis, keys, 'pushLarge', push(1, 'x'));
  const [held] = (await take(await holder(), 10)) as [Held];
  await held.holder!.swap({ finish: [{ held, outputs: [] }] });
  expect(await redis.exists(keys.data('x'))).toBe(0);
  await redis.set(keys.data('x'), 'data', 'EX', 100, 'NX');
  expect(await callScript(redis, keys, 'pushLarge', push(1, 'x'))).toBe(0);
  expect(await redis.ttl(keys.data('x'))).toBeGreaterThan(0);
});

test('data that Redis does not keep are set again, and in the end it is told that nothing was sent', async () => {
  await redis.ping();
  const large = [largeOutput('x').large!];
  const replies = [-1, -1, 1];
  const place = { redis, keys, large };
  expect(
    await sendingLarge(
      place,
      () => Promise.resolve(replies.shift()),
      (reply) => reply === -1,
    ),
  ).toBe(1);
  const never = sendingLarge(
    place,
    () => Promise.resolve(-1),
    (reply) => reply === -1,
  );
  await expect(never).rejects.toMatchObject({ code: 'MR_DATA_MISSING' });
});

test('a finish makes the data of its outputs last, and deletes its own', async () => {
  await bus.push([largeOutput('x')]);
  const by = await holder();
  const [held] = (await take(by, 10)) as [Held];
  await by.swap({ finish: [{ held, outputs: [largeOutput('y')] }] });
  expect(await redis.ttl(keys.data('y'))).toBe(-1);
  expect(await redis.exists(keys.data('x'))).toBe(0);
});

test('a marble whose data are there after all is no dead letter, and one that is not held any more neither', async () => {
  await bus.push([largeOutput('x'), largeOutput('y')]);
  const by = await holder();
  const [x, y] = (await take(by, 10)) as [Held, Held];
  await redis.del(keys.data('y'));
  const given = await by.giveBack([y, x].map((held) => ({ held, verdict: 'missing', delayMs: 0 })));
  expect(given).toMatchObject({ refused: new Set(), dead: new Set([y.receipt]) });
  expect(await bus.dump('q')).toMatchObject([{ id: 'x', attempt: 0 }]);
  expect(await bus.deadLetters.list()).toMatchObject([{ reason: { why: 'data missing' }, envelope: { id: 'y' } }]);
  expect(await by.giveBack([{ held: y, verdict: 'missing', delayMs: 0 }])).toMatchObject({
    refused: new Set([y.receipt]),
  });
});

test('a member that is given back to a cancelled batch goes with its data, and any other keeps them', async () => {
  const { batches } = bus;
  const about = { name: 'b', onDead: 'wait', keepMs: 1000, elevated: 'done' } as const;
  const { id: member } = await batches.open({ about, parent: undefined, then: undefined });
  await bus.push([largeOutput('x', { member }), largeOutput('y')]);
  const by = await holder();
  const [x, y] = (await take(by, 10)) as [Held, Held];
  await batches.cancel(member, 'tested');
  await by.giveBack([y, x].map((held) => ({ held, verdict: 'cancel', delayMs: 0 })));
  expect(await bus.dump('q')).toMatchObject([{ id: 'y' }]);
  expect([await redis.exists(keys.data('x')), await redis.exists(keys.data('y'))]).toEqual([0, 1]);
});

test('data are read whole and in any number; a key of another type counts as none', async () => {
  const some = Array.from({ length: 40 }, (_, i) => largeOutput(`n${i}`, {}, Buffer.alloc(100_000, i)));
  await bus.push(some);
  await redis.del(keys.data('n3'));
  await redis.lpush(keys.data('n3'), 'x');
  const read = await Promise.all(some.map(({ large }) => bus.largeData.read(large!)));
  expect(read.map((data) => data?.[0])).toEqual(some.map((_, i) => (i === 3 ? undefined : i)));
  expect(read.every((data, i) => i === 3 || data?.equals(Buffer.alloc(100_000, i)))).toBe(true);
  expect((await bus.largeData.beginning(some[5]!.large!, 10))?.equals(Buffer.alloc(10, 5))).toBe(true);
  expect(await bus.largeData.beginning({ name: 'nobody', bytes: 1 }, 10)).toBeUndefined();
});
