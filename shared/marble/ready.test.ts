import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import type { HeldInHandler } from './held-in-handler.js';
import { Ready } from './ready.js';

interface Numbered {
  readonly n: number;
}
const numbered = (n: number) => ({ n }) as unknown as HeldInHandler;
const numberOf = (marble: HeldInHandler | undefined) => (marble as unknown as Numbered | undefined)?.n;

test('marbles leave in their order, as others come', () => {
  const ready = new Ready();
  const left: (number | undefined)[] = [];
  const leave = () => {
    left.push(numberOf(ready.first));
    ready.removeFirst();
  };
  for (let n = 0; n < 6000; n++) {
    ready.add(numbered(n));
    if (n % 3 > 0) leave();
  }
  expect([ready.size, left.length]).toEqual([2000, 4000]);
  expect(ready.firstWhile((marble) => numberOf(marble)! < 4002, 9).map(numberOf)).toEqual([4000, 4001]);
  expect(ready.remove((marble) => numberOf(marble)! < 4010).map(numberOf)).toEqual(
    [...Array(10).keys()].map((n) => 4000 + n),
  );
  while (ready.first) leave();
  expect(left).toEqual([...Array(6000).keys()].filter((n) => n < 4000 || n >= 4010));
  expect(ready.size).toBe(0);
});

test('what has left is let go of while others wait: a worker with a backlog does not grow', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const ready = new Ready();
  const gone: WeakRef<HeldInHandler>[] = [];
  ready.add(numbered(-1));
  for (let n = 0; n < 5000; n++) {
    ready.add(numbered(n));
    gone.push(new WeakRef(ready.first!));
    ready.removeFirst();
  }
  await until('they are collected', async () => {
    await turn(); // what a WeakRef was asked for lives until the next turn
    collect();
    await turn();
    return gone.every((one) => one.deref() === undefined);
  });
  expect(ready.size).toBe(1);
});
