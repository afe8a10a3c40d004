/**
 * Redis's clock goes back by an hour. A test cannot turn it. Instead, everything written before is dated an hour ahead,
 * and so is the latest time that a Monitor has seen.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { freshBus, until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Communicator } from '../communicator.js';
import { encodeEnvelope } from '../data/envelope.js';
import type { Holding } from '../hold/holding.js';
import { keysOf, type RunKeys } from '../redis/keys.js';

const HOUR_MS = 3_600_000;
const LEASE_MS = 10_000;

let bus: Communicator;
let redis: Redis;
let keys: RunKeys;
beforeEach(async () => {
  const fresh = freshBus();
  bus = new Communicator(fresh);
  redis = new Redis(fresh.redis);
  keys = keysOf(fresh.run);
  await bus.recovery.sweep(3); // the clock is seen
});
afterEach(async () => {
  await bus.close();
  redis.disconnect();
});

const envelope = (id: string, timeLimitMs?: number) =>
  encodeEnvelope({ id, attempt: 0, sentAt: 0, type: 'j', ...(timeLimitMs !== undefined && { timeLimitMs }) }, '1');

async function holder(ids: string[], about = {}, timeLimitMs?: number): Promise<Holding> {
  const options = { leaseMs: LEASE_MS, timeLimitMs: 0, maxAttempts: 5, description: about };
  const holding = bus.holders.holding(bus.holders.waitingConnection(1000), options);
  await holding.enter();
  await bus.push(ids.map((id) => ({ kind: 'back', queue: 'q', envelope: envelope(id, timeLimitMs) })));
  await holding.swap({ sources: ['q'], want: ids.length });
  return holding;
}

const delay = (ids: string[], delayMs: number) =>
  bus.push(ids.map((id) => ({ kind: 'later', queue: 'q', delayMs, envelope: envelope(id) })));

async function addHour(key: string): Promise<void> {
  const flat = await redis.zrange(key, '0', '-1', 'WITHSCORES');
  for (let i = 0; i < flat.length; i += 2) if (Number(flat[i + 1]) > 1) await redis.zincrby(key, HOUR_MS, flat[i]!);
}

/** Redates all that was written so far, as if by a clock that was ahead. */
async function goBack(): Promise<void> {
  await bus.recovery.sweep(3);
  for (const key of [keys.holders, keys.deadlines, keys.later]) await addHour(key);
  await redis.hincrby(keys.clock, 'seen', HOUR_MS);
}

/** How far ahead of now, in ms. */
async function ahead(key: string): Promise<number[]> {
  const [flat, now] = await Promise.all([redis.zrange(key, '0', '-1', 'WITHSCORES'), bus.status.now()]);
  return flat.filter((_, i) => i % 2 === 1).map((date) => Number(date) - now);
}

test('nothing is told where it has not gone back, or has gone ahead', async () => {
  await delay(['m1'], HOUR_MS);
  expect((await bus.recovery.sweep(3)).clockBack).toBeUndefined();
  await redis.hincrby(keys.clock, 'seen', -HOUR_MS);
  expect((await bus.recovery.sweep(3)).clockBack).toBeUndefined();
  expect(Number(await redis.hget(keys.clock, 'seen'))).toBeGreaterThan((await bus.status.now()) - 1000);
});

test('the marble of a killed worker comes back after its lease, not after an hour', async () => {
  const killed = await holder(['m1']);
  await goBack();
  expect((await ahead(keys.holders))[0]).toBeGreaterThan(HOUR_MS / 2);
  const { clockBack } = await bus.recovery.sweep(3);
  expect(clockBack).toMatchObject({ leases: 1, limits: 0, delayed: 0 });
  expect(Math.abs(clockBack!.ms - HOUR_MS)).toBeLessThan(10_000);
  expect((await ahead(keys.holders))[0]).toBeLessThanOrEqual(LEASE_MS);
  expect((await bus.recovery.sweep(3)).clockBack).toBeUndefined();
  await bus.recovery.endLease(killed.id);
  expect((await bus.recovery.sweep(3)).returned).toBe(1);
});

test('of many holders each is found, and one that has beaten since keeps its lease', async () => {
  for (let i = 0; i < 700; i++) await redis.zadd(keys.holders, Date.now() + LEASE_MS, `dead${i}`);
  const living = await holder(['m1']);
  await goBack();
  await bus.holders.beat([{ id: living.id, leaseMs: LEASE_MS }], '');
  const before = await redis.zscore(keys.holders, living.id);
  expect((await bus.recovery.sweep(3)).clockBack?.leases).toBe(700);
  expect(Math.max(...(await ahead(keys.holders)))).toBeLessThanOrEqual(60_000);
  expect(await redis.zscore(keys.holders, living.id)).toBe(before);
});

test.each<[string, object, number | undefined, number]>([
  ['its own limit', {}, 5000, 5000],
  ["its holder's", { timeLimitMs: '7000' }, undefined, 7000],
  ['what is left of one that nobody knows', {}, undefined, 9000],
])('a time limit ends within %s', async (_what, about, own, most) => {
  const { id } = await holder(['m1'], about, own);
  await redis.zadd(keys.deadlines, Date.now() + (own ?? 9000), `${id} 1/q`);
  await goBack();
  expect((await bus.recovery.sweep(3)).clockBack?.limits).toBe(1);
  const [left] = await ahead(keys.deadlines);
  expect(left).toBeLessThanOrEqual(most);
  expect(left).toBeGreaterThan(-5000);
});

test('what was abandoned is not given time', async () => {
  const { id } = await holder(['m1']);
  await goBack();
  await redis.zadd(keys.deadlines, 0, `${id} 1/q`);
  expect(await bus.recovery.sweep(3)).toMatchObject({ returned: 1, clockBack: { limits: 0 } });
});

test('delayed marbles become due as much earlier, in their order; those sent since keep their time', async () => {
  const old = Array.from({ length: 1100 }, (_, i) => `m${i}`);
  await delay(old.slice(0, 600), 60_000);
  await delay(old.slice(600), 2 * HOUR_MS);
  await goBack();
  await delay(['new1'], 30_000);
  expect((await bus.recovery.sweep(3)).clockBack?.delayed).toBe(1100);
  const dates = await ahead(keys.later);
  const near = (ms: number) => dates.filter((date) => Math.abs(date - ms) < 15_000).length;
  expect([near(30_000), near(60_000), near(2 * HOUR_MS)]).toEqual([1, 600, 500]);
  expect((await bus.recovery.sweep(3)).clockBack).toBeUndefined();
  expect(await ahead(keys.later)).toHaveLength(1101);
  const members = (await redis.zrange(keys.later, '0', '-1')).map((member) => member.split(' ')[3]);
  expect(members).toEqual(['new1', ...old]);
});

test('two Monitors at once move each delayed marble once', async () => {
  await delay(
    Array.from({ length: 1000 }, (_, i) => `m${i}`),
    2 * HOUR_MS,
  );
  await goBack();
  const done = await Promise.all([bus.recovery.sweep(3), bus.recovery.sweep(3), bus.recovery.sweep(3)]);
  expect(done.reduce((sum, { clockBack }) => sum + (clockBack?.delayed ?? 0), 0)).toBe(1000);
  expect(Math.min(...(await ahead(keys.later)))).toBeGreaterThan(1.9 * HOUR_MS);
});

test('a Monitor that died half-way: the next one does the rest, once', async () => {
  await delay(
    Array.from({ length: 1000 }, (_, i) => `m${i}`),
    2 * HOUR_MS,
  );
  await goBack();
  const dying = bus.recovery.sweep(3).catch(() => undefined);
  await until('some are moved', async () => (await redis.hexists(keys.clock, 'back')) === 1, { everyMs: 0 }).catch(
    () => undefined,
  );
  bus.disconnect();
  await dying;
  const run = keys.layout.slice(4, keys.layout.indexOf('}'));
  bus = new Communicator({ ...freshBus(), run });
  await bus.recovery.sweep(3);
  const dates = await ahead(keys.later);
  expect([Math.min(...dates) > 1.9 * HOUR_MS, Math.max(...dates) < 2.1 * HOUR_MS, dates.length]).toEqual([
    true,
    true,
    1000,
  ]);
});
