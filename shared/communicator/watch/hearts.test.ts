import { expect, test } from '@jest/globals';
import { Cable, until } from '@marblerun/test-support';
import { Communicator } from '../communicator.js';
import { bus, closing, connection, keys, place, redis } from '../testing.js';
import { Hearts } from './hearts.js';

const noted = async (id = 'h') => (await redis.hget(keys.hearts, id))?.split(' ');
/** The word of a note that says when it was written: see lib/hearts.lua. */
const NOTED_AT = 3;

test('a pulse notes the connection that it goes by, as Redis knows it, and how long that may be gone', async () => {
  const hearts = new Hearts(connection, keys);
  const before = await bus.status.now();
  await hearts.pulse({ id: 'h', goneMs: 1500 });
  const { id, address } = connection.session!;
  const [client, at, goneMs, date] = (await noted())!;
  expect([client, at, goneMs]).toEqual([id, address, '1500']);
  expect(Number(date)).toBeGreaterThanOrEqual(before);
  const list = String(await redis.call('CLIENT', 'LIST', 'ID', id));
  expect(list).toContain(`addr=${address}`);
});

test('a beat by the connection that is noted writes nothing; by another one it notes that', async () => {
  const cable = closing(await Cable.to(place.redis));
  const far = closing(new Communicator({ ...place, redis: cable.url }));
  await far.hearts.pulse({ id: 'h', goneMs: 1000 });
  const before = (await noted())!.with(NOTED_AT, '1');
  await redis.hset(keys.hearts, 'h', before.join(' '));
  await far.hearts.pulse({ id: 'h', goneMs: 1000 });
  expect(await noted()).toEqual(before);
  cable.cut();
  await until('it beats by another', async () => {
    await far.hearts.pulse({ id: 'h', goneMs: 1000 });
    return (await noted())![0] !== before[0];
  });
  expect((await noted())![NOTED_AT]).not.toBe('1');
});

test('each heart is noted by itself, and one that stops in order is nowhere noted', async () => {
  expect(await bus.hearts.count()).toBe(0);
  for (const id of ['h', 'other']) await bus.hearts.pulse({ id, goneMs: 1000 });
  expect(await bus.hearts.count()).toBe(2);
  await bus.hearts.stop('h');
  await bus.hearts.stop('h');
  expect(await redis.hkeys(keys.hearts)).toEqual(['other']);
});
