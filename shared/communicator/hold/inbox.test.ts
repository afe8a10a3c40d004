/**
 * Marbles on the way from a queue to a waiting holder: whatever else is lost there, they are not.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Cable, freshBus, sharedRedis, until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Communicator } from '../communicator.js';
import { encodeEnvelope } from '../data/envelope.js';
import type { Holding } from './holding.js';
import { keysOf } from '../redis/keys.js';

let bus: Communicator;
let far: Communicator; // the same bus, beyond the cable
let cable: Cable;
let redis: Redis;
beforeEach(async () => {
  const fresh = freshBus();
  cable = await Cable.to(fresh.redis);
  bus = new Communicator(fresh);
  far = new Communicator({ ...fresh, redis: cable.url });
  redis = new Redis(sharedRedis());
});
afterEach(async () => {
  await Promise.all([bus.close(), far.close()]);
  await cable.close();
  redis.disconnect();
});

const send = (on: Communicator, ...ids: string[]) =>
  on.push(
    ids.map((id) => ({
      ...{ kind: 'back', queue: 'a' },
      envelope: encodeEnvelope({ id, attempt: 0, sentAt: 0, type: 'j' }, '0'),
    })),
  );
const idsIn = async (on: Communicator, queue: string) => (await on.dump(queue)).map(({ id }) => id);

async function enter(on: Communicator, waitsOn = on, timeLimitMs = 0): Promise<Holding> {
  const options = { leaseMs: 60_000, timeLimitMs, maxAttempts: 3, description: {} };
  const holding = on.holders.holding(waitsOn.holders.waitingConnection(5000), options);
  await holding.enter();
  return holding;
}

/** Cuts the connection instead of passing on the reply that hands a marble over. */
async function landUnseen(holding: Holding): Promise<void> {
  await holding.swap({ waitOn: 'a' });
  const lost = cable.loseReplyTo('blmove', 'unseen');
  await send(bus, 'unseen');
  expect(await holding.block('a', 5000)).toBeUndefined();
  await lost;
  expect(await idsIn(bus, 'a')).toEqual([]);
}

test('what is in the inbox unseen is handed over by the next swap, also when something is given back before', async () => {
  await send(bus, 'first');
  const holding = await enter(bus, far);
  const first = await holding.swap({ sources: ['a'], want: 1 });
  if (first.forgotten) throw new Error('the holder was forgotten');
  await landUnseen(holding);
  await holding.giveBack([{ held: first.taken[0]!, verdict: 'fail', delayMs: 1000 }]);
  await holding.adopt();
  expect(await holding.swap({})).toMatchObject({ forgotten: false, taken: [{ envelope: { id: 'unseen' } }] });
});

test('while something may be in the inbox that no swap has looked for, no wait begins', async () => {
  const holding = await enter(bus, far);
  await landUnseen(holding);
  expect(await holding.block('a', 60_000)).toBeUndefined(); // at once
  expect(await holding.swap({ waitOn: 'a' })).toMatchObject({ taken: [{ envelope: { id: 'unseen' } }] });
  expect(await holding.block('a', 20, 5000)).toBeUndefined(); // its time is over
});

test('what is in the inbox goes back to its queue when the description of its holder was deleted meanwhile', async () => {
  const holding = await enter(bus, far);
  await landUnseen(holding);
  await redis.del(keysOf(bus.run).holder(holding.id));
  expect(await holding.swap({ sources: ['a'], want: 1 })).toEqual({ forgotten: true });
  await holding.leave();
  expect(await idsIn(bus, 'a')).toEqual(['unseen']);
});

test('what is in the inbox with a holder that dies is swept like what it holds', async () => {
  const holding = await enter(bus);
  await holding.swap({ waitOn: 'a' });
  const came = holding.block('a', 5000);
  await send(bus, 'x');
  expect((await came)?.envelope.id).toBe('x');
  await bus.recovery.endLease(holding.id);
  expect(await bus.recovery.sweep(3)).toMatchObject({ returned: 1 });
  // Its client may not have heard of it, so no attempt is charged.
  expect(await bus.dump('a')).toMatchObject([{ id: 'x', attempt: 0, suspicion: 1 }]);
});

test('what is adopted and finished by one swap leaves no deadline', async () => {
  const holding = await enter(bus, bus, 60_000);
  await holding.swap({ waitOn: 'a' });
  await redis.del(keysOf(bus.run).holder(holding.id)); // without its entry, it is not adopted when it comes
  await send(bus, 'x');
  const held = await holding.block('a', 5000);
  expect(held).toBeDefined();
  await bus.recovery.findOrphans();
  expect(await holding.swap({ finish: [{ held: held!, outputs: [] }] })).toMatchObject({ forgotten: false });
  expect(await redis.zrange(keysOf(bus.run).deadlines, '0', '-1')).toEqual([]);
});

/** Whether this holder waits: the server has other clients that wait. */
async function waitsAt(holder: string): Promise<boolean> {
  const client = await redis.hget(keysOf(bus.run).holder(holder), 'client');
  return client !== null && String(await redis.client('LIST', 'ID', client)).includes('cmd=blmove');
}

test('the wait of a silent holder ends before what it has is taken back: nothing comes with it any more', async () => {
  const holding = await enter(bus);
  await holding.swap({ waitOn: 'a' });
  const came = holding.block('a', 60_000);
  await until('it waits', () => waitsAt(holding.id));
  await until('it is given up', async () => {
    await bus.recovery.endLease(holding.id); // again where it begins the next wait just as this one is ended
    const { silent, returned } = await bus.recovery.sweep(3);
    expect(returned).toBe(0);
    return silent === 1;
  });
  await send(bus, 'x');
  expect(await came).toBeUndefined();
  expect(await idsIn(bus, 'a')).toEqual(['x']);
  expect(await holding.swap({})).toEqual({ forgotten: true });
});
