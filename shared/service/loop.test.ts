import { setImmediate as setImmediatePromise } from 'node:timers/promises';
import { expect, jest, test } from '@jest/globals';
import { sleep, until } from '@marblerun/test-support';
import { createLogger } from './logger.js';
import { Loop } from './loop.js';
import { Troubles } from './troubles.js';

const troubles = new Troubles(createLogger('test', 'silent'));

test('a loop goes on after an error, says what the trouble is, and forgets it when the work succeeds', async () => {
  let turns = 0;
  const seen: string[] = [];
  const loop: Loop = new Loop({
    name: 'test',
    intervalMs: 5,
    troubles,
    work: () => {
      seen.push(loop.trouble);
      return ++turns === 2 ? Promise.reject(new Error('away')) : Promise.resolve(undefined);
    },
  });
  loop.start();
  await until('four turns', () => turns >= 4);
  await loop.stop();
  expect(seen.slice(0, 4)).toEqual(['', '', 'away', '']);
});

test('stop waits for the turn under way, and nothing runs afterwards', async () => {
  let [started, ended] = [0, 0];
  let release = () => {};
  const loop = new Loop({
    name: 'test',
    intervalMs: 1,
    troubles,
    work: async () => {
      started++;
      await new Promise<void>((resolve) => (release = resolve));
      ended++;
      return 0;
    },
  });
  loop.start();
  loop.start();
  await until('the turn has begun', () => started === 1);
  const stopped = loop.stop();
  release();
  await stopped;
  expect([started, ended]).toEqual([1, 1]);
  await sleep(20); // there is no condition to wait for when nothing must happen
  expect(started).toBe(1);
});

test('a turn that takes long is not late as long as it gets on, and its earlier trouble is over', async () => {
  let turns = 0;
  let release = () => {};
  const work = async () => {
    if (++turns === 1) throw new Error('away');
    await new Promise<void>((resolve) => (release = resolve));
    return 0;
  };
  const loop = new Loop({ name: 'test', intervalMs: 1, troubles, work });
  const now = jest.spyOn(Date, 'now');
  loop.start();
  await until('a second turn has begun', () => turns === 2);
  expect([loop.trouble, loop.late]).toEqual(['away', false]);
  now.mockReturnValue(Date.now() + 20_000);
  expect(loop.late).toBe(true);
  loop.progress();
  expect([loop.trouble, loop.late]).toEqual(['', false]);
  now.mockRestore();
  const stopped = loop.stop();
  release();
  await stopped;
});

test.each([10_000, 600_000, 86_400_000])(
  'work that fails is tried again within seconds, at an interval of %d ms',
  async (intervalMs) => {
    let turns = 0;
    const work = () => (++turns < 4 ? Promise.reject(new Error('away')) : Promise.resolve(undefined));
    const loop = new Loop({ name: 'test', intervalMs, troubles, work });
    loop.start();
    await until('it has failed', () => loop.trouble === 'away');
    await until('it works again', () => loop.trouble === '', { deadlineMs: 5000 });
    await loop.stop();
    expect(turns).toBe(4);
  },
);

test('a wake brings the next turn forward; during a turn it is the next one that comes sooner', async () => {
  let turns = 0;
  let release = () => {};
  const loop = new Loop({
    name: 'test',
    intervalMs: 3_600_000,
    troubles,
    work: async () => {
      turns++;
      if (turns === 2) await new Promise<void>((resolve) => (release = resolve));
      return undefined;
    },
  });
  loop.wake();
  expect(turns).toBe(0); // it does not run yet
  loop.start();
  await until('the first turn', () => turns === 1);
  await setImmediatePromise();
  loop.wake();
  await until('the second turn', () => turns === 2);
  loop.wake();
  expect(turns).toBe(2);
  release();
  await until('the third turn, when the second has ended', () => turns === 3);
  loop.wake(3_600_000);
  await loop.stop();
  loop.wake();
  expect(turns).toBe(3);
});
