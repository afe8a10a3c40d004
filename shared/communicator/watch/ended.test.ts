/**
 * Containers that are said to have ended: that proves nothing, and only shortens how long the connections of their
 * processes may be gone.
 */
import { expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import {
  ENDED_MS,
  GONE,
  HOUR_MS,
  LOOKED_AT,
  SERVER,
  beats,
  change,
  ends,
  holds,
  keys,
  leaseOf,
  look,
  monitor,
  noted,
  passes,
  redis,
  timeMs,
} from './heart-testing.js';

const [CONTAINER, OTHER] = ['c0ffee'.padEnd(64, '0'), 'decade'.padEnd(64, '0')] as const;

const isLeased = async (holding: Awaited<ReturnType<typeof holds>>) => (await leaseOf(holding)) > (await timeMs());

test.each([HOUR_MS, 0])(
  'a process whose container has ended is missed at once where its connection is gone (goneMs: %d)',
  async (goneMs) => {
    const [process] = [await beats('ended', goneMs, CONTAINER), await beats('neighbour', goneMs, OTHER)];
    const [one, other] = [await holds('ended', 2), await holds('neighbour')];
    await look();
    await process.close();
    await until('it is pending', async () => (await look(CONTAINER)).pending === 1);
    expect(await isLeased(one)).toBe(true);
    for (let looks = 0; looks < 2; looks++) {
      await passes('ended', ENDED_MS);
      await look(CONTAINER);
    }
    expect(await isLeased(one)).toBe(false);
    expect(await isLeased(other)).toBe(true);
    expect(await redis.hkeys(keys.hearts)).toEqual(['neighbour']);
    expect((await monitor.recovery.sweep(5)).recovered).toMatchObject({ docker: 2, connection: 0, lease: 0 });
  },
);

test('between two looks half of that time counts at the most', async () => {
  const process = await beats('h', HOUR_MS, CONTAINER);
  const holding = await holds('h');
  await look();
  await ends(process);
  await passes('h', HOUR_MS);
  const { lapsed, nextInMs, pending } = await look(CONTAINER);
  expect({ lapsed, pending }).toEqual({ lapsed: 0, pending: 1 });
  expect(nextInMs).toBeLessThanOrEqual(ENDED_MS / 2);
  expect(await isLeased(holding)).toBe(true);
  await passes('h', HOUR_MS);
  expect(await look(CONTAINER)).toMatchObject({ lapsed: 1, pending: 0 });
});

test('a process that lives keeps what it has, whatever is told of its container', async () => {
  await beats('h', HOUR_MS, CONTAINER);
  const holding = await holds('h');
  for (let looks = 0; looks < 5; looks++) {
    expect(await look(CONTAINER)).toEqual({ watched: 1, unwatched: 0, lapsed: 0, pending: 1, nextInMs: undefined });
  }
  await change('h', GONE, () => String(HOUR_MS));
  await change('h', LOOKED_AT, () => '1');
  expect(await look(CONTAINER)).toMatchObject({ lapsed: 0 });
  expect(await isLeased(holding)).toBe(true);
});

test('one that is cut in that moment, and comes back, keeps what it has', async () => {
  const process = await beats('h', HOUR_MS, CONTAINER);
  const holding = await holds('h');
  await look();
  await ends(process);
  await passes('h', HOUR_MS);
  expect(await look(CONTAINER)).toMatchObject({ lapsed: 0, pending: 1 });
  await beats('h', HOUR_MS, CONTAINER);
  for (let looks = 0; looks < 3; looks++) expect(await look(CONTAINER)).toMatchObject({ lapsed: 0, pending: 1 });
  expect((await noted('h'))!.slice(GONE, LOOKED_AT + 1)).toEqual(['0', '0']);
  expect(await isLeased(holding)).toBe(true);
});

test('where nobody has seen its connection on this server, its lease alone tells', async () => {
  const process = await beats('unseen', HOUR_MS, CONTAINER);
  const holding = await holds('unseen');
  await process.close();
  await until('it is gone', async () => (await look()).unwatched === 1);
  for (let looks = 0; looks < 3; looks++) {
    await change('unseen', LOOKED_AT, () => '1');
    expect(await look(CONTAINER)).toEqual({ watched: 0, unwatched: 1, lapsed: 0, pending: 1, nextInMs: undefined });
  }
  await change('unseen', SERVER, () => 'another');
  expect(await look(CONTAINER)).toMatchObject({ lapsed: 0 });
  expect(await isLeased(holding)).toBe(true);
});

test('without goneMs and without a container that ended, nobody is missed by a connection', async () => {
  const process = await beats('h', 0, CONTAINER);
  const holding = await holds('h');
  expect(await look()).toEqual({ watched: 0, unwatched: 0, lapsed: 0, pending: 0, nextInMs: undefined });
  await process.close();
  await until('it is gone', async () => {
    await look(OTHER);
    return (await noted('h'))![LOOKED_AT] !== '0';
  });
  for (let looks = 0; looks < 3; looks++) {
    await passes('h', HOUR_MS);
    expect(await look(OTHER)).toEqual({ watched: 0, unwatched: 0, lapsed: 0, pending: 0, nextInMs: undefined });
  }
  expect(await isLeased(holding)).toBe(true);
});

test('the first digits of an id are enough where a process found no more; other digits are another container', async () => {
  const process = await beats('h', HOUR_MS, CONTAINER.slice(0, 12));
  await holds('h');
  await look();
  await ends(process);
  expect(await look(OTHER)).toMatchObject({ pending: 0 });
  expect(await look(OTHER, CONTAINER)).toMatchObject({ pending: 1 });
  expect(await monitor.hearts.containers()).toEqual(new Map([['h', CONTAINER.slice(0, 12)]]));
});
