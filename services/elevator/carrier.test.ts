import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { freshBus } from '@marblerun/test-support';
import { createLogger } from '@marblerun/service';
import { Communicator, encodeEnvelope, newId, type Transit } from 'marblerun/communicator';
import { Registry } from 'prom-client';
import { Carrier } from './carrier.js';
import { createLaneMetrics } from './lane-metrics.js';

const LIMITS = { marbles: 12, bytes: 1_000_000 };
let [lower, upper]: Communicator[] = [];
beforeEach(() => {
  [lower, upper] = [new Communicator(freshBus()), new Communicator(freshBus())];
});
afterEach(() => Promise.all([lower!.close(), upper!.close()]));

const elevate = (queue: string, n: number, expedited = false) =>
  lower!.push(
    Array.from({ length: n }, (_, i) => ({
      kind: expedited ? 'upFront' : 'up',
      queue,
      envelope: encodeEnvelope(
        { id: newId(), attempt: 0, sentAt: 1, type: 'j', ...(expedited && { expedited: 1 }) },
        expedited ? `${i}!` : String(i),
      ),
    })),
  );

/** Carries everything, and returns the queues of each transit; `meanwhile` happens while that transit lands. */
async function carryAll(meanwhile: (transit: number) => Promise<void> = () => Promise.resolve()) {
  const transits: string[][] = [];
  const target = upper!.laneTarget();
  const watched = {
    async land(transit: Transit, ...rest: [Parameters<typeof target.land>[1]]) {
      transits.push([...new Set(transit.entries.map(({ queue }) => queue))].sort());
      await meanwhile(transits.length);
      return target.land(transit, ...rest);
    },
  };
  const run = ({ run: name }: Communicator) => ({ name, run: name, redis: '', replicas: 0, replicasTimeoutMs: 1 });
  const carrier = new Carrier({
    lane: { name: 'up', from: run(lower!), to: run(upper!), carries: () => true, onward: () => false },
    lower: lower!,
    upper: Object.assign(Object.create(upper!) as Communicator, { laneTarget: () => watched }),
    limits: LIMITS,
    hopLimit: 8,
    metrics: createLaneMetrics(new Registry()),
    log: createLogger('test', 'silent'),
  });
  let progress = 0;
  const carried = await carrier.carry(() => progress++);
  return { transits, carried, progress, carrier };
}

test('all queues that wait are in every transit, and each keeps its order', async () => {
  await elevate('a', 40);
  await elevate('b', 5);
  await elevate('c', 30);
  const { transits, carried } = await carryAll();
  expect(carried).toBe(75);
  expect(transits.slice(0, 2)).toEqual([
    ['a', 'b', 'c'],
    ['a', 'b', 'c'],
  ]);
  expect(transits.slice(2, 6)).toEqual(Array(4).fill(['a', 'c']));
  const order = async (queue: string) => (await upper!.dump(queue)).map(({ data }) => Number(data.toString()));
  expect(await order('a')).toEqual([...Array(40).keys()]);
  expect(await order('c')).toEqual([...Array(30).keys()]);
});

test('a marble of another queue that comes while one streams goes with the transit after the next', async () => {
  await elevate('big', 300);
  const { transits } = await carryAll(async (transit) => {
    if (transit === 3) await elevate('small', 1);
  });
  expect(transits.length).toBeGreaterThan(20);
  expect(transits.findIndex((queues) => queues.includes('small'))).toBeLessThanOrEqual(4); // from 0
});

test('more queues than a transit has room for: all of them go before any goes twice', async () => {
  const queues = Array.from({ length: 30 }, (_, i) => `q${String(i).padStart(2, '0')}`);
  for (const queue of queues) await elevate(queue, 5);
  const { transits } = await carryAll();
  expect(new Set(transits.slice(0, 3).flat()).size).toBe(30);
});

test('whoever asks it to carry is told of every transit that went', async () => {
  await elevate('a', 50);
  const { transits, progress } = await carryAll();
  expect(progress).toBe(transits.length);
  expect(transits.length).toBeGreaterThan(4);
});

test('large marbles of one queue leave room for the small ones of another', async () => {
  const large = Array.from({ length: 8 }, () => ({
    kind: 'up' as const,
    queue: 'large',
    envelope: encodeEnvelope({ id: newId(), attempt: 0, sentAt: 1, type: 'j' }, 'x'.repeat(900_000)),
  }));
  await lower!.push(large);
  await elevate('tiny', 3);
  const { transits } = await carryAll();
  expect(transits.slice(0, 2).flat()).toContain('tiny');
});

test('expedited marbles go before all others, of whatever queue, and to the front of theirs above', async () => {
  await elevate('a', 100);
  await elevate('b', 30);
  await carryAll();
  await elevate('a', 50);
  await elevate('z', 30);
  await elevate('z', 8, true);
  const { transits } = await carryAll();
  expect(transits[0]).toEqual(['a', 'z']); // a transit has ten: eight that are expedited, and a share each of the rest
  const above = (await upper!.dump('z')).map(({ data }) => data.toString());
  expect(above.slice(0, 9)).toEqual([...Array.from({ length: 8 }, (_, i) => `${i}!`), '0']);
});
