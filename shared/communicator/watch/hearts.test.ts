/**
 * Hearts: a process is missed where its connection is gone from Redis, and only there.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { freshBus, until, type Bus } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Communicator } from '../communicator.js';
import { encodeEnvelope } from '../data/envelope.js';
import type { Holding } from '../hold/holding.js';
import { keysOf, type RunKeys } from '../redis/keys.js';
import { callScript, defineScripts } from '../redis/scripts.js';

const HOUR_MS = 3_600_000;
const GONE_MS = 1000;
let bus: Bus;
let keys: RunKeys;
let redis: Redis;
let monitor: Communicator;
let open: Communicator[];

beforeEach(() => {
  bus = freshBus();
  keys = keysOf(bus.run);
  redis = new Redis(bus.redis);
  defineScripts(redis);
  open = [];
  monitor = connected();
});
afterEach(async () => {
  await Promise.all(open.map((one) => one.close()));
  redis.disconnect();
});

function connected(): Communicator {
  const communicator = new Communicator(bus);
  open.push(communicator);
  return communicator;
}

/** A process with this heart. */
async function beats(id: string, goneMs = GONE_MS): Promise<Communicator> {
  const process = connected();
  await process.hearts.pulse({ id, goneMs });
  return process;
}

/** A holder with this heart and some marbles; it says nothing more. */
async function holds(heart: string | undefined, marbles = 1): Promise<Holding> {
  const at = connected();
  const description: Record<string, string> = heart === undefined ? {} : { heart };
  const options = { leaseMs: HOUR_MS, timeLimitMs: 0, maxAttempts: 5, description };
  const holding = at.holders.holding(at.holders.waitingConnection(1000), options);
  await holding.enter();
  const envelope = () => encodeEnvelope({ id: 'm', attempt: 0, sentAt: 1, type: 'j' }, '1');
  await at.push(Array.from({ length: marbles }, () => ({ kind: 'back', queue: 'q', envelope: envelope() })));
  await holding.swap({ sources: ['q'], want: marbles });
  return holding;
}

const look = () => monitor.goneConnections.look();
const noted = async (id: string) => (await redis.hget(keys.hearts, id))?.split(' ');
/** Words of a note: see lib/hearts.lua. */
const [NOTED_AT, SERVER, GONE, LOOKED_AT] = [3, 4, 5, 6] as const;

async function change(id: string, word: number, to: (before: string) => string): Promise<void> {
  const words = (await noted(id))!;
  words[word] = to(words[word]!);
  await redis.hset(keys.hearts, id, words.join(' '));
}

/** So much time passes for one that is gone, without a look. */
const passes = (id: string, ms: number) => change(id, LOOKED_AT, (before) => String(Number(before) - ms));

/** Ends a process, and looks until it is missed. */
async function ends(process: Communicator): Promise<void> {
  await process.close();
  await until('it is missed', async () => (await look()).nextInMs !== undefined);
}

const leaseOf = async ({ id }: Holding) => Number(await redis.zscore(keys.holders, id));
const timeMs = async () => Number((await redis.time())[0]) * 1000 + 1000;

test('when a process is gone for as long as it may be, the leases of its holders end, and of nobody else', async () => {
  const [process] = [await beats('gone'), await beats('there')];
  const [one, other, neighbour, unnamed] = [
    await holds('gone', 3),
    await holds('gone'),
    await holds('there'),
    await holds(undefined),
  ];
  expect(await look()).toEqual({ watched: 2, unwatched: 0, lapsed: 0, nextInMs: undefined });
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
  expect((await noted('h'))!.slice(SERVER)).toEqual(['-', '0', '0']);
  expect(await look()).toEqual({ watched: 1, unwatched: 0, lapsed: 0, nextInMs: undefined });
  expect(await leaseOf(holding)).toBeGreaterThan(await timeMs());
});

test('one that comes back just after it was seen to be gone for too long keeps its lease', async () => {
  await beats('h');
  const holding = await holds('h');
  await look();
  const server = (await noted('h'))![SERVER]!;
  const lapse = () =>
    callScript(redis, keys, 'lapse', { args: { server }, moreKeys: [keys.holder(holding.id)], moreArgs: [holding.id] });
  await change('h', GONE, () => String(GONE_MS));
  await beats('h');
  expect(await lapse()).toBe(0);
  await look();
  await change('h', GONE, () => String(GONE_MS));
  expect(await lapse()).toBe(1); // had it not come back
});

test('a beat by the same connection, which was thought to be gone, ends that', async () => {
  const process = await beats('h');
  await look();
  await change('h', GONE, () => String(GONE_MS - 1));
  await change('h', LOOKED_AT, () => '1');
  await process.hearts.pulse({ id: 'h', goneMs: GONE_MS });
  expect((await noted('h'))!.slice(GONE)).toEqual(['0', '0']);
});

test('one that this server lists is not missed, whatever was noted of it', async () => {
  await beats('h');
  const holding = await holds('h');
  await look();
  await change('h', GONE, () => String(GONE_MS));
  await change('h', LOOKED_AT, () => '1');
  expect(await look()).toEqual({ watched: 1, unwatched: 0, lapsed: 0, nextInMs: undefined });
  expect((await noted('h'))!.slice(GONE)).toEqual(['0', '0']);
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
    expect(await look()).toEqual({ watched: 0, unwatched: 2, lapsed: 0, nextInMs: undefined });
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

test('a beat by the connection that is noted writes nothing', async () => {
  const process = await beats('h');
  await look();
  const before = await noted('h');
  await change('h', NOTED_AT, () => '1');
  await process.hearts.pulse({ id: 'h', goneMs: GONE_MS });
  expect(await noted('h')).toEqual(before!.with(NOTED_AT, '1'));
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
