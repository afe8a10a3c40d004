import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { freshBus, until } from '@marblerun/test-support';
import { Communicator } from '../communicator.js';
import { encodeEnvelope, newId } from '../data/envelope.js';
import type { Holding } from './holding.js';
import type { Held, SwapRequest } from './held.js';
import type { Output } from '../send/outputs.js';

let bus: Communicator;
beforeEach(() => {
  bus = new Communicator(freshBus());
});
afterEach(() => bus.close());

const output = (queue: string, data: unknown, kind: Output['kind'] = 'back'): Output => ({
  kind,
  queue,
  envelope: encodeEnvelope({ id: newId(), attempt: 0, sentAt: Date.now(), type: 'j' }, JSON.stringify(data)),
});
const send = (queue: string, ...data: unknown[]) => bus.push(data.map((one) => output(queue, one)));
const dataOf = ({ envelope }: { envelope: { data: Buffer } }) => JSON.parse(envelope.data.toString()) as unknown;
const waiting = async (queue: string) => (await bus.dump(queue)).map((envelope) => dataOf({ envelope }));
const attempts = async (queue: string) => (await bus.dump(queue)).map(({ attempt }) => attempt);

async function enter(more: { leaseMs?: number; timeLimitMs?: number; maxAttempts?: number } = {}): Promise<Holding> {
  const options = { leaseMs: 60_000, timeLimitMs: 0, maxAttempts: 3, description: { host: 'here' }, ...more };
  const holding = bus.holders.holding(bus.holders.waitingConnection(5000), options);
  await holding.enter();
  return holding;
}

async function swap(holding: Holding, request: SwapRequest): Promise<{ taken: Held[]; refused: ReadonlySet<string> }> {
  const result = await holding.swap(request);
  if (result.forgotten) throw new Error('the holder was forgotten');
  return result;
}

const take = async (holding: Holding, queue: string, want: number) =>
  (await swap(holding, { sources: [queue], want })).taken;

test('one swap finishes, commits the outputs and takes what is next', async () => {
  await send('a', 1, 2, 3);
  const holding = await enter();
  const [first] = await take(holding, 'a', 1);
  const { taken, refused } = await swap(holding, {
    finish: [{ held: first!, outputs: [output('b', 'x'), output('b', 'y', 'front'), output('c', 'z')] }],
    sources: ['a'],
    want: 5,
  });
  expect(taken.map(dataOf)).toEqual([2, 3]);
  expect(refused.size).toBe(0);
  expect([await waiting('a'), await waiting('b'), await waiting('c')]).toEqual([[], ['y', 'x'], ['z']]);
  expect((await bus.show()).find(({ queue }) => queue === 'a')).toMatchObject({ depth: 0, held: 2 });
});

test('sources are taken from in strict order', async () => {
  await send('low', 3, 4);
  await send('high', 1, 2);
  const { taken } = await swap(await enter(), { sources: ['high', 'low'], want: 3 });
  expect(taken.map(({ queue, envelope }) => [queue, dataOf({ envelope })])).toEqual([
    ['high', 1],
    ['high', 2],
    ['low', 3],
  ]);
});

test('large marbles come some at a time, in their order', async () => {
  const large = (n: number) => [n, 'x'.repeat(100_000)];
  await send('a', ...Array.from({ length: 25 }, (_, n) => large(n)));
  const holding = await enter();
  const seen: unknown[] = [];
  for (const most of [11, 11, 3]) {
    const taken = await take(holding, 'a', 100);
    expect(taken.length).toBeGreaterThan(0);
    expect(taken.length).toBeLessThanOrEqual(most);
    seen.push(...taken.map((held) => (dataOf(held) as unknown[])[0]));
  }
  expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => n));
});

test('the finish of a marble that was taken back is refused with its outputs, and no other with it', async () => {
  await send('a', 1, 2);
  const holding = await enter();
  const [first, second] = await take(holding, 'a', 2);
  await swap(holding, { abandon: [first!] });
  await bus.recovery.sweep(3);
  const { refused } = await swap(holding, {
    finish: [
      { held: first!, outputs: [output('b', 'late')] },
      { held: second!, outputs: [output('b', 'in time')] },
    ],
  });
  expect([...refused]).toEqual([first!.receipt]);
  expect([await waiting('a'), await waiting('b')]).toEqual([[1], ['in time']]);
});

test('the lease passes by itself, and a beat keeps it', async () => {
  await send('a', 1);
  const [silent, beating] = [await enter({ leaseMs: 400 }), await enter({ leaseMs: 400 })];
  expect(await take(silent, 'a', 1)).toHaveLength(1);
  await until('the silent one is swept', async () => {
    expect(await bus.holders.beat([{ id: beating.id, leaseMs: 400 }], '')).toEqual([]);
    return (await bus.recovery.sweep(3)).returned === 1;
  });
  expect(await bus.holders.beat([{ id: silent.id, leaseMs: 400 }], '')).toEqual([silent.id]);
  expect(await waiting('a')).toEqual([1]);
});

test('a failed marble waits for its delay, then goes to the front; a released one goes back as it was', async () => {
  await send('a', 1, 2, 3);
  const holding = await enter();
  const [first, second, third] = await take(holding, 'a', 3);
  await holding.giveBack([
    { held: third!, verdict: 'release', delayMs: 0 },
    { held: second!, verdict: 'release', delayMs: 0 },
    { held: first!, verdict: 'fail', delayMs: 40, error: { message: 'no' } },
  ]);
  expect([await waiting('a'), await bus.status.laterCount()]).toEqual([[2, 3], 1]);
  await until('it is due', async () => (await bus.recovery.promote()).moved === 1);
  expect([await waiting('a'), await attempts('a')]).toEqual([
    [1, 2, 3],
    [1, 0, 0],
  ]);
  expect((await bus.show())[0]).toMatchObject({ held: 0, counts: { failed: 1, released: 2, returned: 1 } });
});

test('marbles that failed together come back after their delay in the order in which they were taken, of any queues', async () => {
  await send('a', 1, 2, 3);
  await send('b', 1, 2, 3);
  const holding = await enter();
  const [a, b] = [await take(holding, 'a', 3), await take(holding, 'b', 3)];
  const lastFirst = a.flatMap((held, i) => [held, b[i]!]).reverse();
  await holding.giveBack(lastFirst.map((held) => ({ held, verdict: 'fail', delayMs: 1 })));
  expect(await bus.status.laterCount()).toBe(6);
  let moved = 0;
  await until('all are due', async () => (moved += (await bus.recovery.promote()).moved) === 6);
  expect([await waiting('a'), await waiting('b')]).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ]);
});

test('blocking hands a marble over the moment it is sent', async () => {
  const holding = await enter();
  await swap(holding, { sources: ['a'], want: 1, waitOn: 'a' });
  const block = holding.block('a', 5000, 5000);
  await send('a', 'came');
  const held = await block;
  expect(dataOf(held!)).toBe('came');
  expect(holding.isInInbox).toBe(true);
  const { refused } = await swap(holding, { finish: [{ held: held!, outputs: [] }] });
  expect(refused.size).toBe(0);
  expect((await bus.show())[0]).toMatchObject({ depth: 0, held: 0, counts: { taken: 1, finished: 1 } });
});

test('a wait is many short commands, keeps the lease, ends with a marble, with its time, or at once', async () => {
  const holding = await enter({ leaseMs: 400 });
  await swap(holding, { sources: ['a'], want: 1, waitOn: 'a' });
  const started = Date.now();
  expect(await holding.block('a', 1000, 50)).toBeUndefined();
  expect(Date.now() - started).toBeGreaterThanOrEqual(990); // longer than the lease, and no heartbeat but its own
  const block = holding.block('a', 60_000, 50);
  await send('a', 'x');
  const held = await block;
  expect(held && dataOf(held)).toBe('x');
  expect(await swap(holding, { finish: [{ held: held!, outputs: [] }] })).toMatchObject({ refused: new Set() });
  const again = holding.block('a', 60_000, 5000);
  await holding.unblock();
  expect(await again).toBeUndefined();
});

test('leave gives back all as it was, and nothing of the holder remains', async () => {
  await send('a', 1, 2);
  const holding = await enter();
  await take(holding, 'a', 2);
  await holding.leave();
  expect([await waiting('a'), await attempts('a'), await bus.status.holderCount()]).toEqual([[1, 2], [0, 0], 0]);
  await holding.leave();
});

test('what is no envelope goes to the dead, and those behind it go on', async () => {
  await bus.push([{ kind: 'back', queue: 'a', envelope: 'garbage' }, output('a', 1)]);
  const holding = await enter();
  expect((await take(holding, 'a', 2)).map(dataOf)).toEqual([1]);
  await until('it is dead', async () => (await bus.deadLetters.count()) === 1);
  const [letter] = await bus.deadLetters.list();
  expect(letter).toMatchObject({ queue: 'a', envelope: undefined });
  expect(JSON.stringify(letter!.reason)).toContain('does not begin with');
});
