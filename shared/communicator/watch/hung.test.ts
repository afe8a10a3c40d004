/** Holders that hang: they beat, and their loop has not turned since a marble was over its time limit. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { freshBus, until, type Bus } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Communicator } from '../communicator.js';
import { encodeEnvelope } from '../data/envelope.js';
import { keysOf, type RunKeys } from '../redis/keys.js';

const LEASE_MS = 60_000;
let bus: Bus;
let keys: RunKeys;
let redis: Redis;
let communicator: Communicator;

beforeEach(() => {
  bus = freshBus();
  keys = keysOf(bus.run);
  redis = new Redis(bus.redis);
  communicator = new Communicator(bus);
});
afterEach(async () => {
  await communicator.close();
  redis.disconnect();
});

/** Enters a holder that took a marble whose time is over at once, and has it taken back. Returns its id. */
async function overran(leaseMs = LEASE_MS): Promise<string> {
  const { holders } = communicator;
  const description = { host: 'here' };
  const options = { leaseMs, timeLimitMs: 1, maxAttempts: 5, description };
  const holding = holders.holding(holders.waitingConnection(1000), options);
  await holding.enter();
  const envelope = encodeEnvelope({ id: 'm', attempt: 0, sentAt: 1, type: 'j' }, '1');
  await communicator.push([{ kind: 'back', queue: 'q', envelope }]);
  await holding.swap({ sources: ['q'], want: 1 });
  await until('it is taken back', async () => (await communicator.recovery.sweep(5)).recovered.limit === 1);
  expect(await redis.zscore(keys.overran, holding.id)).not.toBeNull();
  return holding.id;
}

/** Beats until that counts: a beat of the same ms says nothing of the time since. */
const beat = (id: string, blockedMs: string, leaseMs = LEASE_MS) =>
  until('a beat counts', async () => {
    await communicator.holders.beat([{ id, leaseMs }], blockedMs);
    return Number(await redis.zscore(keys.holders, id)) - leaseMs > Number(await redis.zscore(keys.overran, id));
  });
const look = () => communicator.hungHolders.look();

test('a holder hangs where its loop has been blocked since before its marble was over its limit', async () => {
  expect(await look()).toEqual([]);
  const id = await overran();
  expect(await look()).toEqual([]); // it has not beaten since, so nobody knows
  await beat(id, '5000');
  expect(await look()).toEqual([
    { holder: id, hungMs: expect.any(Number), blockedMs: 5000, about: expect.objectContaining({ host: 'here' }) },
  ]);
  expect(await communicator.overview()).toMatchObject({ hung: 1, holders: 1 });
});

test('one that turns again hangs no longer, and is forgotten', async () => {
  const id = await overran();
  await beat(id, '5000');
  expect(await look()).toHaveLength(1);
  await communicator.holders.beat([{ id, leaseMs: LEASE_MS }], '0');
  expect(await look()).toEqual([]);
  expect(await redis.exists(keys.overran)).toBe(0);
});

test('one whose loop has turned since its marble was over its limit does not hang, however blocked it is now', async () => {
  const id = await overran();
  const since = Number(await redis.zscore(keys.overran, id));
  await redis.zadd(keys.overran, since - 10_000, id);
  await beat(id, '5000');
  expect(await look()).toEqual([]);
  expect(await redis.exists(keys.overran)).toBe(0);
});

test('one that beats no longer does not hang: it is silent, and is forgotten once it is given up', async () => {
  const leaseMs = 2000;
  const id = await overran(leaseMs);
  await beat(id, '5000', leaseMs);
  expect(await look()).toHaveLength(1);
  await until('its lease has passed', async () => (await look()).length === 0);
  expect(await redis.zcard(keys.overran)).toBe(1);
  await communicator.recovery.sweep(5);
  expect(await look()).toEqual([]);
  expect(await redis.exists(keys.overran)).toBe(0);
});

test('something else in the place of a holder hides no other', async () => {
  const [spoilt, id] = [await overran(), await overran()];
  await beat(id, '5000');
  await beat(spoilt, '5000');
  await redis.set(keys.holder(spoilt), 'something else');
  expect((await look()).map(({ holder }) => holder)).toEqual([id]);
});
