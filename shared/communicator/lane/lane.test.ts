import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { freshBus, sharedRedis } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Communicator } from '../communicator.js';
import { encodeEnvelope, newId } from '../data/envelope.js';
import { keysOf } from '../redis/keys.js';
import type { LaneSource, LaneTarget, Transit } from './lane.js';

const LIMITS = { marbles: 2, bytes: 1_000_000 };
let [lower, upper]: Communicator[] = [];
let redis: Redis;
let source: LaneSource;
let target: LaneTarget;
beforeEach(() => {
  [lower, upper] = [new Communicator(freshBus()), new Communicator(freshBus())];
  redis = new Redis(sharedRedis());
  source = lower.laneSource('up');
  target = upper.laneTarget();
});
afterEach(async () => {
  redis.disconnect();
  await Promise.all([lower!.close(), upper!.close()]);
});

const elevate = (...data: unknown[]) =>
  lower!.push(
    data.map((one) => ({
      kind: 'up',
      queue: 'a',
      envelope: encodeEnvelope({ id: newId(), attempt: 1, sentAt: Date.now(), type: 'j' }, JSON.stringify(one)),
    })),
  );
const land = (transit: Transit, more = {}) =>
  target.land(transit, { from: lower!.run, hopLimit: 3, onward: () => false, ...more });
const arrived = async (queue = 'a') => (await upper!.dump(queue)).map(({ data }) => Number(data.toString()));
const lift = async (done?: Transit) => (await source.lift(await source.waitingQueues(), LIMITS, done))!;

test('transits arrive in order, each once, however often they are lifted and landed', async () => {
  await elevate(1, 2, 3);
  const first = await lift();
  expect(await lift()).toEqual(first); // still under way: the same transit, whoever asks
  expect(await land(first)).toMatchObject({ landing: 'landed' });
  expect(await land(first)).toMatchObject({ landing: 'duplicate' });
  const second = await lift(first);
  expect(second.number).toBe('2');
  expect(await land(second)).toMatchObject({ landing: 'landed' });
  expect(await lift(first)).toEqual(second); // a stale Elevator clears nothing
  expect(await lift(second)).toBeUndefined();
  expect(await arrived()).toEqual([1, 2, 3]);
  expect(await source.inTransit()).toBe(0);
  expect(await source.waitingQueues()).toEqual([]);
});

test('a transit is full by its bytes too', async () => {
  await elevate(...Array.from({ length: 5 }, (_, n) => [n, 'x'.repeat(100_000)]));
  const limits = { marbles: 100, bytes: 250_000 };
  const first = (await source.lift(['a'], limits))!;
  expect(first.entries).toHaveLength(3);
  expect(await land(first)).toMatchObject({ landing: 'landed' });
  const second = (await source.lift(['a'], limits, first))!;
  expect(second.entries).toHaveLength(2);
  expect(await land(second)).toMatchObject({ landing: 'landed' });
  const seen = (await upper!.dump('a')).map(({ data }) => (JSON.parse(data.toString()) as [number])[0]);
  expect(seen).toEqual([0, 1, 2, 3, 4]);
});

test('what arrives has one hop more, knows its first run, and its attempts are forgotten', async () => {
  await elevate(1);
  await land(await lift());
  expect(await upper!.dump('a')).toMatchObject([{ attempt: 0, hops: 1, origin: lower!.run }]);
});

test('what has travelled too often is dead in the run where that was seen', async () => {
  await elevate(1);
  await land(await lift(), { hopLimit: 0 });
  expect(await arrived()).toEqual([]);
  expect(await upper!.deadLetters.list()).toMatchObject([{ queue: 'a', reason: { why: 'hop limit', hops: 1 } }]);
});

test('a queue that goes on to a yet higher run lands in the outbox', async () => {
  await elevate(1);
  await land(await lift(), { onward: (queue: string) => queue === 'a' });
  expect(await arrived()).toEqual([]);
  expect(await upper!.status.outboxes()).toMatchObject([{ queue: 'a', depth: 1 }]);
});

test('an upper run that forgot the lane is seen: delivered, and counted as a gap', async () => {
  await elevate(1, 2, 3);
  const first = await lift();
  await land(first);
  await redis.del(keysOf(upper!.run).landed);
  expect(await land(await lift(first))).toMatchObject({ landing: 'gap' });
  expect(await arrived()).toEqual([1, 2, 3]);
});

test('a lower run that was set back is seen: its transit is in doubt, and goes again under a new epoch', async () => {
  await elevate(1, 2, 3, 4);
  const first = await lift();
  await land(first);
  const second = await lift(first);
  await land(second);
  await redis.hset(keysOf(lower!.run).lane('up'), 'number', '1'); // set back to the time before the second transit
  const again = await lift();
  const { landing, knownEpoch } = await land(again);
  expect(landing).toBe('doubt');
  expect(await arrived()).toEqual([1, 2, 3, 4]);
  expect(await source.newEpoch(again, knownEpoch)).toBe(true);
  expect(await source.newEpoch(again, knownEpoch)).toBe(false); // only once
  const anew = await lift();
  expect(BigInt(anew.epoch)).toBeGreaterThan(BigInt(first.epoch));
  expect(await land(anew)).toMatchObject({ landing: 'gap' });
  expect(await arrived()).toEqual([1, 2, 3, 4, 3, 4]); // at least once, for the transit in doubt
});

test('the same number with other content is in doubt, not a duplicate', async () => {
  await elevate(1);
  const transit = await lift();
  await land(transit);
  expect(await land({ ...transit, fingerprint: 'other' })).toMatchObject({
    landing: 'doubt',
    knownEpoch: transit.epoch,
  });
});

test('a lane that is made anew is another lane', async () => {
  await elevate(1);
  await land(await lift());
  await redis.del(keysOf(lower!.run).lane('up'), keysOf(lower!.run).transit('up'));
  await elevate(2);
  expect(await land(await lift())).toMatchObject({ landing: 'landed' });
  expect(await arrived()).toEqual([1, 2]);
});
