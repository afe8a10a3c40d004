/**
 * Waits by which Redis hands a marble over. One that its client has given up goes on at Redis: nothing comes with it any
 * more, and if something did, the holder would find it.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Cable, RedisServer, freshBus, until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Communicator } from '../communicator.js';
import { encodeEnvelope } from '../data/envelope.js';
import type { Holding } from './holding.js';
import type { Swapped } from './held.js';
import { keysOf } from '../redis/keys.js';

let bus: Communicator;
let far: Communicator; // the same bus, beyond the cable
let cable: Cable;
let redis: Redis;
let server: RedisServer;
let holding: Holding;
beforeEach(async () => {
  server = await RedisServer.start(); // a server of its own: nobody else waits there
  const fresh = freshBus(server.url);
  cable = await Cable.to(fresh.redis);
  bus = new Communicator(fresh);
  far = new Communicator({ ...fresh, redis: cable.url, retryTimeoutMs: 300, replyTimeoutMs: 1000 });
  redis = new Redis(server.url);
  holding = await enter(far);
});
afterEach(async () => {
  await Promise.all([bus.close(), far.close()]);
  await cable.close();
  redis.disconnect();
  await server.stop();
});

async function enter(waitsOn: Communicator): Promise<Holding> {
  const options = { leaseMs: 60_000, timeLimitMs: 0, maxAttempts: 3, description: {} };
  const entered = bus.holders.holding(waitsOn.holders.waitingConnection(1000), options);
  await entered.enter();
  return entered;
}
const send = (id: string) =>
  bus.push([{ kind: 'back', queue: 'a', envelope: encodeEnvelope({ id, attempt: 0, sentAt: 0, type: 'j' }, '0') }]);
const waiting = async () => (await bus.dump('a')).map(({ id }) => id);
const came = () => redis.lrange(keysOf(bus.run).inbox(holding.id, 'a'), 0, -1);
const isWaitedFor = async () => /flags=b .*cmd=blmove/.test((await redis.client('LIST')) as string);

/** Makes the note of the wait and the wait go in one write from now on. */
async function waitOnce(): Promise<void> {
  await holding.swap({ waitOn: 'a' });
  const first = holding.block('a', 60_000);
  await until('it waits', isWaitedFor);
  await send('first');
  const held = await first;
  expect(held?.envelope.id).toBe('first');
  await holding.swap({ finish: [{ held: held!, outputs: [] }], waitOn: 'a' });
}

/** The wait is over for its client, the swap looks at what is in the inbox, and only then is something sent. */
async function lookThenSend(): Promise<void> {
  const looked = (await holding.swap({ waitOn: 'a' })) as Swapped;
  expect(looked.taken).toEqual([]);
  await send('late');
  expect(await came()).toEqual([]);
  expect(await waiting()).toEqual(['late']);
  const taken = (await holding.swap({ sources: ['a'], want: 5 })) as Swapped;
  expect(taken.taken.map(({ envelope }) => envelope.id)).toEqual(['late']);
}

test.each(['BUSY Redis is busy running a script', 'LOADING Redis is loading', 'CLUSTERDOWN the cluster is down'])(
  'the note before it is answered with "%s", and the wait stands',
  async (error) => {
    await waitOnce();
    cable.rewrite = (reply) => (reply.toString() === ':1\r\n' ? Buffer.from(`-${error}\r\n`) : reply);
    const before = await isWaitedFor();
    expect([before, await holding.block('a', 60_000)]).toEqual([false, undefined]);
    cable.rewrite = (reply) => reply;
    await lookThenSend();
  },
);

test('its connection breaks for the client only, and the client waits no longer', async () => {
  await waitOnce();
  const blocked = holding.block('a', 60_000);
  await until('it waits', isWaitedFor);
  cable.freeze(true);
  cable.abandon(); // our end sees it break; Redis hears nothing of it, and what is dialled anew hears nothing either
  await expect(blocked).rejects.toMatchObject({ code: 'MR_REDIS_UNAVAILABLE' });
  expect(await isWaitedFor()).toBe(true);
  await lookThenSend();
});

test('were several in the inbox, the next swap after the wait hands over all of them', async () => {
  await waitOnce();
  const lost = cable.loseReplyTo('blmove', 'one');
  await send('one');
  expect(await holding.block('a', 60_000)).toBeUndefined();
  await lost;
  for (const id of ['two', 'three']) {
    await send(id);
    await redis.lmove(keysOf(bus.run).queue('a'), keysOf(bus.run).inbox(holding.id, 'a'), 'RIGHT', 'LEFT');
  }
  const found = (await holding.swap({ waitOn: 'a' })) as Swapped;
  expect(found.taken.map(({ envelope }) => envelope.id).sort()).toEqual(['one', 'three', 'two']);
  const finish = found.taken.map((held) => ({ held, outputs: [] }));
  expect(((await holding.swap({ finish })) as Swapped).refused.size).toBe(0);
  expect(await came()).toEqual([]);
});

test('a holder that was given up begins no wait', async () => {
  await holding.swap({ waitOn: 'a' });
  await bus.recovery.endLease(holding.id);
  await bus.recovery.sweep(3);
  expect(await holding.block('a', 60_000)).toBeUndefined(); // at once
});

test('a holder that hears behind its wait that it was given up ends that', async () => {
  await holding.swap({ waitOn: 'a' });
  expect(await holding.block('a', 20)).toBeUndefined();
  await redis.zrem(keysOf(bus.run).holders, holding.id);
  expect(await holding.block('a', 60_000)).toBeUndefined();
  await send('x');
  expect(await waiting()).toEqual(['x']);
  expect(await holding.swap({})).toEqual({ forgotten: true });
});

test('waiting on a full Redis is no error, takes a moment, and goes on when there is room', async () => {
  const near = await enter(bus);
  await near.swap({ waitOn: 'a' });
  await redis.config('SET', 'maxmemory', '1');
  await expect(send('x')).rejects.toMatchObject({ code: 'MR_REDIS_FULL' });
  const began = performance.now();
  expect(await near.block('a', 100, 5000)).toBeUndefined();
  expect(performance.now() - began).toBeGreaterThan(90); // or it would be asked all the time
  await redis.config('SET', 'maxmemory', '0');
  await send('x');
  await near.swap({});
  expect(await near.block('a', 1000)).toMatchObject({ envelope: { id: 'x' } });
});
