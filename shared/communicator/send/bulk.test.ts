import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Cable, freshBus, type Bus } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Communicator } from '../communicator.js';
import { encodeEnvelope } from '../data/envelope.js';
import { keysOf } from '../redis/keys.js';

let bus: Bus;
let near: Communicator;
let cable: Cable;
let far: Communicator; // beyond the cable
beforeEach(async () => {
  bus = freshBus();
  near = new Communicator(bus);
  cable = await Cable.to(bus.redis);
  far = new Communicator({ ...bus, redis: cable.url });
});
afterEach(async () => {
  await Promise.all([near.close(), far.close()]);
  await cable.close();
});

async function send(n: number, queue = 'from', data = '1'): Promise<void> {
  const envelope = (i: number) => encodeEnvelope({ id: `m${i}`, attempt: 0, sentAt: 0, type: 'j' }, data);
  await near.push(Array.from({ length: n }, (_, i) => ({ kind: 'back' as const, queue, envelope: envelope(i) })));
}

async function ids(queue: string): Promise<string[]> {
  return (await near.dump(queue, 0, 10_000)).map(({ id }) => id);
}

async function counts(queue: string) {
  return (await near.show()).find((status) => status.queue === queue)?.counts;
}

const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `m${from + i}`);

test('any number is moved in order, in steps, exactly as many as were asked for, and counted on both sides', async () => {
  await send(4500);
  expect(await near.transfer('from', 'to', 3333)).toBe(3333);
  expect(await ids('to')).toEqual(numbered(0, 3333));
  expect(await ids('from')).toEqual(numbered(3333, 4500));
  expect([(await counts('from'))?.moved, (await counts('to'))?.received]).toEqual([3333, 3333]);
  expect(await near.transfer('from', 'to', 1_000_000)).toBe(1167);
});

test('large ones are moved in smaller steps', async () => {
  await send(20, 'from', JSON.stringify('x'.repeat(200_000)));
  const redis = new Redis(bus.redis);
  await near.transfer('from', 'to', 20);
  const senders = await redis.keys(keysOf(bus.run).sender('*'));
  const steps = await Promise.all(senders.map((key) => redis.get(key)));
  redis.disconnect();
  expect(await ids('to')).toEqual(numbered(0, 20));
  const moves = steps
    .map((last) => /^(\d+) \d+$/.exec(last ?? ''))
    .flatMap((found) => (found ? [Number(found[1])] : []));
  expect(moves).toHaveLength(1);
  expect(moves[0]).toBeGreaterThan(2);
});

test('within one queue what is there goes once round', async () => {
  await send(5);
  expect(await near.transfer('from', 'from', 2)).toBe(2);
  expect(await ids('from')).toEqual(['m2', 'm3', 'm4', 'm0', 'm1']);
});

test('a transfer whose reply is lost moves exactly as many, and says so', async () => {
  await send(2500);
  await far.connect();
  const lost = cable.loseReplyTo(':from');
  expect(await far.transfer('from', 'to', 1500)).toBe(1500);
  await lost;
  const lostLast = cable.loseReplyTo('\r\n500\r\n');
  expect(await far.transfer('from', 'to', 500)).toBe(500);
  await lostLast;
  expect(await ids('to')).toEqual(numbered(0, 2000));
  expect(await ids('from')).toEqual(numbered(2000, 2500));
});

test('a destroy whose reply is lost says how many it destroyed, and they are counted once', async () => {
  await send(2500);
  await far.connect();
  const lost = cable.loseReplyTo('from');
  expect(await far.destroy('from')).toBe(2500);
  await lost;
  expect(await ids('from')).toEqual([]);
  expect((await counts('from'))?.destroyed).toBe(2500);
});
