/** A process is missed where its connection is gone from Redis, and only there. */
import { expect, test } from '@jest/globals';
import { Cable, sharedRedis, until } from '@marblerun/test-support';
import { callScript } from '../redis/scripts.js';
import {
  GONE,
  GONE_MS,
  HOUR_MS,
  LOOKED_AT,
  NOTED_AT,
  SERVER,
  beats,
  change,
  connected,
  ends,
  holds,
  keys,
  leaseOf,
  look,
  monitor,
  noted,
  passes,
  redis,
  timeMs,
} from './heart-testing.js';

test('when a process is gone for as long as it may be, the leases of its holders end, and of nobody else', async () => {
  const [process] = [await beats('gone'), await beats('there')];
  const [one, other, neighbour, unnamed] = [
    await holds('gone', 3),
    await holds('gone'),
    await holds('there'),
    await holds(undefined),
  ];
  expect(await look()).toEqual({ watched: 2, unwatched: 0, lapsed: 0, pending: 0, nextInMs: undefined });
  await ends(process);
  for (let looks = 0; looks < 2; looks++) {
    expect((await look()).lapsed).toBe(0);
    await passes('gone', GONE_MS / 2);
  }
  expect(await look()).toMatchObject({ lapsed: 2, nextInMs: undefined });
  const now = await timeMs();
  for (const holding of [one, other]) expect(await leaseOf(holding)).toBeLessThanOrEqual(now);
  for (const holding of [neighbour, unnamed]) expect(await leaseOf(holding)).toBeGreaterThan(now);
  expect(await redis.hkeys(keys.hearts)).toEqual(['there']);
  expect(await monitor.recovery.sweep(5)).toMatchObject({
    ...{ returned: 4, silent: 2 },
    recovered: { lease: 0, connection: 4, docker: 0, limit: 0, abandoned: 0 },
  });
});

test('the time between two looks counts for half of what is allowed at the most', async () => {
  const process = await beats('h');
  const holding = await holds('h');
  await look();
  await ends(process);
  await passes('h', HOUR_MS);
  const { lapsed, nextInMs } = await look();
  expect(lapsed).toBe(0);
  expect(nextInMs).toBeGreaterThan(GONE_MS / 4);
  expect(nextInMs).toBeLessThanOrEqual(GONE_MS / 2);
  expect(await leaseOf(holding)).toBeGreaterThan(await timeMs());
  await passes('h', HOUR_MS);
  expect((await look()).lapsed).toBe(1);
});

test('one that comes back in time by another connection is not missed, and has all of its time again', async () => {
  const process = await beats('h');
  const holding = await holds('h');
  await look();
  await ends(process);
  await passes('h', HOUR_MS);
  expect((await look()).nextInMs).toBeLessThanOrEqual(GONE_MS / 2);
  await beats('h');
  expect((await noted('h'))!.slice(SERVER)).toEqual(['-', '0', '0', '-']);
  expect(await look()).toEqual({ watched: 1, unwatched: 0, lapsed: 0, pending: 0, nextInMs: undefined });
  expect(await leaseOf(holding)).toBeGreaterThan(await timeMs());
});

test('one that comes back just after it was seen to be gone for too long keeps its lease', async () => {
  await beats('h');
  const holding = await holds('h');
  await look();
  const words = (await noted('h'))!;
  const lapse = ([id, address, , , server = '']: string[]) => {
    const heart = ['h', `${id} ${address}`, 'connection'];
    const args = { server, endedMs: 0, hearts: 1 };
    return callScript(redis, keys, 'lapse', {
      args,
      moreKeys: [keys.holder(holding.id)],
      moreArgs: [...heart, holding.id],
    });
  };
  const isOver = async () => {
    await change('h', GONE, () => String(GONE_MS));
    await change('h', LOOKED_AT, () => '1');
  };
  await isOver();
  await beats('h');
  expect(await lapse(words)).toBe(0);
  await look();
  await isOver();
  expect(await lapse(words)).toBe(0); // by another connection
  expect(await lapse((await noted('h'))!)).toBe(1); // had it not come back
});

test('a beat by the same connection, which was thought to be gone, ends that', async () => {
  const process = await beats('h');
  await look();
  await change('h', GONE, () => String(GONE_MS - 1));
  await change('h', LOOKED_AT, () => '1');
  await process.hearts.pulse({ id: 'h', goneMs: GONE_MS });
  expect((await noted('h'))!.slice(GONE)).toEqual(['0', '0', '-']);
});

test('one that this server lists is not missed, whatever was noted of it', async () => {
  await beats('h');
  const holding = await holds('h');
  await look();
  await change('h', GONE, () => String(GONE_MS));
  await change('h', LOOKED_AT, () => '1');
  expect(await look()).toEqual({ watched: 1, unwatched: 0, lapsed: 0, pending: 0, nextInMs: undefined });
  expect((await noted('h'))!.slice(GONE)).toEqual(['0', '0', '-']);
  expect(await leaseOf(holding)).toBeGreaterThan(await timeMs());
});

test('what no Monitor has seen on this server cannot be gone from it: not after a restart, and not behind a proxy', async () => {
  const unseen = await beats('unseen');
  await unseen.close();
  const elsewhere = await beats('elsewhere');
  await until('the one is gone', async () => (await look()).watched === 1);
  await change('elsewhere', SERVER, () => 'another');
  await elsewhere.close();
  const holding = await holds('elsewhere');
  await until('both are gone', async () => (await look()).unwatched === 2);
  for (const heart of ['unseen', 'elsewhere']) {
    await change(heart, GONE, () => String(HOUR_MS));
    await change(heart, LOOKED_AT, () => '1');
  }
  for (let looks = 0; looks < 3; looks++)
    expect(await look()).toEqual({ watched: 0, unwatched: 2, lapsed: 0, pending: 0, nextInMs: undefined });
  expect(await leaseOf(holding)).toBeGreaterThan(await timeMs());
});

test('an id that is somebody else by now is not the one that was noted', async () => {
  await beats('h');
  await look();
  await change('h', 1, () => '192.0.2.1:1');
  expect((await look()).nextInMs).toBe(GONE_MS);
});

test('what no server knows any more is forgotten after an hour; what is no heart, at once', async () => {
  const process = await beats('h');
  await process.close();
  await until('it is gone', async () => (await look()).unwatched === 1);
  await redis.hset(keys.hearts, 'none', 'what somebody else has put here');
  await look();
  expect(await redis.hkeys(keys.hearts)).toEqual(['h']);
  await change('h', NOTED_AT, (before) => String(Number(before) - 2 * HOUR_MS));
  await look();
  expect(await redis.exists(keys.hearts)).toBe(0);
});

test('what was ended by its connection, and beats again before the sweep, goes on; later its lease tells again', async () => {
  const process = await beats('h');
  const holding = await holds('h');
  await look();
  await ends(process);
  await change('h', GONE, () => String(GONE_MS));
  expect((await look()).lapsed).toBe(1);
  expect(await connected().holders.beat([{ id: holding.id, leaseMs: HOUR_MS }], '')).toEqual([]);
  expect(await monitor.recovery.sweep(5)).toMatchObject({ returned: 0, silent: 0 });
  await monitor.recovery.endLease(holding.id);
  expect((await monitor.recovery.sweep(5)).recovered).toMatchObject({ connection: 0, lease: 1 });
});

test('something else in the place of a holder does not stop the others', async () => {
  const process = await beats('h');
  const [one, other] = [await holds('h'), await holds('h')];
  await redis.del(keys.holder(one.id));
  await redis.set(keys.holder(one.id), 'x');
  await look();
  await ends(process);
  await change('h', GONE, () => String(GONE_MS));
  expect((await look()).lapsed).toBe(1);
  expect(await leaseOf(other)).toBeLessThanOrEqual(await timeMs());
});

test('of a Redis that does not say which server it is, nobody is missed, and that is told', async () => {
  const cable = await Cable.to(sharedRedis());
  const far = connected(cable.url);
  await far.hearts.pulse({ id: 'h', goneMs: GONE_MS });
  void cable.answer('info', '$8\r\n# Server\r\n');
  await expect(far.goneConnections.look()).rejects.toMatchObject({ code: 'MR_REDIS_REPLY' });
  cable.repair();
  expect(await far.goneConnections.look()).toMatchObject({ watched: 1 });
  await cable.close();
});
