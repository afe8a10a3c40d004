import { expect, test } from '@jest/globals';
import { bus, envelope, holder, keys, output, redis, send, take } from '../testing.js';

async function all<T>(steps: AsyncIterable<readonly T[]>): Promise<T[]> {
  const found: T[] = [];
  for await (const some of steps) found.push(...some);
  return found;
}
const statusOf = async (queue: string) => (await bus.queues.queuesNamed([queue]))[0]!;

test('each queue is named once, also one that has only an outbox, and outboxes by themselves', async () => {
  await send('a', 'm1');
  await bus.push([output('m2', 'a', { kind: 'up' }), output('m3', 'b', { kind: 'up' })]);
  expect((await all(bus.queues.names())).sort()).toEqual(['a', 'b']);
  expect((await all(bus.queues.outboxNames())).sort()).toEqual(['a', 'b']);
  await send('c', 'm4');
  expect((await all(bus.queues.names())).sort()).toEqual(['a', 'b', 'c']);
  expect((await all(bus.queues.outboxNames())).sort()).toEqual(['a', 'b']);
});

test('thousands of queues are read, each once, with their figures', async () => {
  const names = Array.from({ length: 1200 }, (_, i) => `q${i}`);
  await bus.push(names.map((name) => output(`m.${name}`, name)));
  const found = await all(bus.queues.queues());
  expect(found.map(({ queue }) => queue).sort()).toEqual([...names].sort());
  expect(new Set(found.map(({ depth, counts }) => `${depth} ${counts.sent}`))).toEqual(new Set(['1 1']));
});

test('a queue tells what waits, what is in hand, and what was counted', async () => {
  await send('q', ...Array.from({ length: 9 }, (_, i) => `m${i}`));
  const holding = await holder();
  const taken = await take(holding, 6);
  await holding.swap({ finish: taken.slice(0, 2).map((held) => ({ held, outputs: [] })) });
  await holding.giveBack([
    { held: taken[5]!, verdict: 'release', delayMs: 0 },
    { held: taken[4]!, verdict: 'fail', delayMs: 60_000 },
  ]);
  expect(await statusOf('q')).toMatchObject({
    ...{ queue: 'q', depth: 4, held: 2 },
    counts: { sent: 9, taken: 6, finished: 2, released: 1, failed: 1, dead: 0, destroyed: 0 },
  });
});

test('how long the next one waits counts from its sending, and is 0 where none waits or its clock was ahead', async () => {
  expect((await statusOf('q')).oldestMs).toBe(0);
  const now = await bus.status.now();
  const sentAt = (ms: number) => ({ envelope: envelope('m', { sentAt: ms }) });
  await bus.push([output('m', 'old', sentAt(now - 60_000)), output('m', 'old', sentAt(now))]);
  await bus.push([
    output('m', 'ahead', sentAt(now + 60_000)),
    output('m', 'up', { kind: 'up', ...sentAt(now - 60_000) }),
  ]);
  const waited = (await statusOf('old')).oldestMs;
  expect(waited).toBeGreaterThanOrEqual(60_000);
  expect(waited).toBeLessThan(90_000);
  expect((await statusOf('ahead')).oldestMs).toBe(0);
  const [up] = await all(bus.queues.outboxes());
  expect([up?.queue, up?.depth, up!.oldestMs >= 60_000]).toEqual(['up', 1, true]);
});

test('what is no envelope does not hide the depth, and a key of another type does not hide the other queues', async () => {
  await bus.push([output('m1', 'good'), { kind: 'back', queue: 'odd', envelope: 'garbage' }, output('m2', 'bad')]);
  await redis.del(keys.queue('bad'));
  await redis.set(keys.queue('bad'), 'x');
  const found = await all(bus.queues.queues());
  expect(
    Object.fromEntries(found.map(({ queue, depth, oldestMs }) => [queue, [depth, queue === 'odd' ? oldestMs : 0]])),
  ).toEqual({
    ...{ good: [1, 0], odd: [1, 0], bad: [0, 0] },
  });
});

test('queues that are asked for by name come in that order, also one that there is not', async () => {
  await send('b', 'm1');
  const found = await bus.queues.queuesNamed(['none', 'b']);
  expect(found.map(({ queue, depth, held }) => [queue, depth, held])).toEqual([
    ['none', 0, 0],
    ['b', 1, 0],
  ]);
  expect(await bus.queues.queuesNamed([])).toEqual([]);
});
