import { expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { bus, holder, keys, output, place, redis, send } from '../testing.js';
import { Communicator } from '../communicator.js';

const leaseOf = async (id: string) => Number(await redis.zscore(keys.holders, id));

test('a beat renews the leases of many, and tells which are given up, without taking them back', async () => {
  const [one, gone, other] = [await holder(), await holder(), await holder()];
  await redis.zrem(keys.holders, gone.id);
  const all = [one, gone, other].map(({ id }) => ({ id, leaseMs: 3_600_000 }));
  const before = await bus.status.now();
  expect(await bus.holders.beat(all, '')).toEqual([gone.id]);
  for (const { id } of [one, other]) expect(await leaseOf(id)).toBeGreaterThanOrEqual(before + 3_600_000);
  expect(await redis.zcard(keys.holders)).toBe(2);
  expect(await bus.holders.beat(all.slice(0, 1), '')).toEqual([]);
});

test('a beat notes for how long the process is blocked, of those that are known', async () => {
  const [one, gone] = [await holder(), await holder()];
  await redis.zrem(keys.holders, gone.id);
  await redis.del(keys.holder(gone.id));
  const all = [one, gone].map(({ id }) => ({ id, leaseMs: 60_000 }));
  await bus.holders.beat(all, '1500');
  await bus.holders.beat(all, ''); // says nothing, and forgets nothing
  const [status] = await bus.status.holders();
  expect([status?.holder, status?.about['blockedMs']]).toEqual([one.id, '1500']);
  expect(await redis.exists(keys.holder(gone.id))).toBe(0);
});

test('a wait is broken off, as if its time were over', async () => {
  const waits = bus.holders.waitingConnection(60_000);
  const popped = bus.holders.popBlocking(waits, 'q', 60_000);
  await until('it waits', async () => {
    const list = String(await redis.call('CLIENT', 'LIST', 'ID', waits.clientId || '0'));
    return list.includes('cmd=brpop');
  });
  await bus.holders.unblock(waits);
  expect(await popped).toBeUndefined();
  await send('q', 'after');
  expect((await bus.holders.popBlocking(waits, 'q', 5000))?.envelope.id).toBe('after'); // the connection goes on
});

test('its connections are closed with the communicator, also in the middle of a wait', async () => {
  const own = new Communicator(place);
  const waits = own.holders.waitingConnection(60_000);
  const waited = own.holders.popBlocking(waits, 'q', 60_000).catch((error: unknown) => error);
  await until('it is connected', () => waits.state === 'ready');
  await own.close();
  expect(await waited).toMatchObject({ code: 'MR_CLOSED' });
  await bus.push([output('m1')]);
  expect((await bus.pop(['q'])).map(({ envelope }) => envelope.id)).toEqual(['m1']);
});
