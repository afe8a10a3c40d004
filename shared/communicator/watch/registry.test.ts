import { expect, test } from '@jest/globals';
import { connection, keys, redis } from '../testing.js';
import { stepsOf } from './registry.js';

async function note(date: (i: number) => number, n: number): Promise<string[]> {
  const names = Array.from({ length: n }, (_, i) => `n${String(i).padStart(5, '0')}`);
  await redis.zadd(keys.queues, ...names.flatMap((name, i) => [date(i), name]));
  return names;
}

async function walk(between: (step: number) => Promise<unknown> = () => Promise.resolve()): Promise<string[][]> {
  const steps: string[][] = [];
  for await (const some of stepsOf(connection, keys.queues)) {
    steps.push(some);
    await between(steps.length);
  }
  return steps;
}

test('nothing comes of a registry that is empty or not there', async () => {
  expect((await walk()).flat()).toEqual([]);
});

test('all names come, by date, in steps of some hundred', async () => {
  const names = await note((i) => i, 1700);
  const steps = await walk();
  expect([...new Set(steps.flat())]).toEqual(names);
  expect(steps.length).toBeGreaterThan(3);
  for (const step of steps) expect(step.length).toBeLessThanOrEqual(500);
});

test('all come where many have the same date, also more than a step', async () => {
  const names = await note((i) => (i < 100 ? 1 : i < 1500 ? 2 : 3), 1700);
  expect([...new Set((await walk()).flat())].sort()).toEqual(names);
});

test('all come where all have the same date', async () => {
  const names = await note(() => 7, 1200);
  expect([...new Set((await walk()).flat())].sort()).toEqual(names);
});

test('a name that moves meanwhile is not missed', async () => {
  const names = await note((i) => i, 1700);
  const moved = await walk(async (step) => {
    // The first of what was not read yet, the last of all, and one that was read get a later date.
    for (const i of [step * 499 + 1, 1699, 0]) if (names[i]) await redis.zadd(keys.queues, 10_000 + step, names[i]);
  });
  expect([...new Set(moved.flat())].sort()).toEqual(names);
});
