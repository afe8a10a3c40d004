/** The dead letters of a batch. What becomes of the batch itself is in shared/marble/batch-dead.test.ts. */
import { expect, test } from '@jest/globals';
import { bus, output, redis, keys, waiting } from '../testing.js';
import { failureGroups, retryDead } from './batch-dead.js';
import type { BatchAbout } from './batch-state.js';

const about: BatchAbout = { name: 'b', onDead: 'wait', keepMs: 60_000, elevated: 'wait' };

async function openWith(...dead: { id: string; queue?: string; why?: unknown; message?: unknown }[]): Promise<string> {
  const { id } = await bus.batches.open({ about, parent: undefined, then: undefined });
  await bus.push(dead.map((one) => output(one.id, one.queue, { member: id })));
  for (const one of dead) await bus.pop([one.queue ?? 'q']);
  await bus.push(
    dead.map(({ id: marble, queue, why = 'failed', message }) => {
      const reason = JSON.stringify({ why, ...(message !== undefined && { error: { message } }) });
      return output(marble, queue, { kind: 'dead', reason, member: id });
    }),
  );
  return id;
}

test('the dead are grouped by queue, reason and error, the most frequent first, with their serials', async () => {
  const id = await openWith(
    { id: 'm1', message: 'no page 17\n  at line 3' },
    { id: 'm2', message: 'timeout' },
    { id: 'm3', message: 'no page 4' },
    { id: 'm4', message: 'no page 4', queue: 'other' },
    { id: 'm5', why: 'dropped' },
    { id: 'm6', message: 'no page 5' },
  );
  const groups = await failureGroups(bus, id);
  const [first, ...others] = groups.map(({ queue, why, error, count }) => [queue, why, error, count]);
  expect(first).toEqual(['q', 'failed', 'no page #', 3]);
  expect(new Set(others)).toEqual(
    new Set([
      ['q', 'failed', 'timeout', 1],
      ['other', 'failed', 'no page #', 1],
      ['q', 'dropped', undefined, 1],
    ]),
  );
  const letters = await bus.deadLetters.read(groups[0]!.serials);
  expect(letters.map(({ envelope }) => envelope!.id).sort()).toEqual(['m1', 'm3', 'm6']);
  expect(groups[0]!.lastAt).toBe(Math.max(...letters.map(({ at }) => at)));
});

test('a long error is cut, one that is no text is left out, and a group names ten serials at the most', async () => {
  const many = Array.from({ length: 12 }, (_, i) => ({ id: `m${i}`, message: 'x'.repeat(500) }));
  const id = await openWith(...many, { id: 'odd', why: 7, message: { not: 'text' } });
  const [long, odd] = await failureGroups(bus, id);
  expect(long).toMatchObject({ error: 'x'.repeat(200), count: 12 });
  expect(long!.serials).toHaveLength(10);
  expect(odd).toMatchObject({ why: 'unknown', error: undefined, count: 1 });
});

test('at most so many letters are read, and beyond a hundred groups all share one', async () => {
  const words = Array.from({ length: 105 }, (_, i) => `error ${String.fromCodePoint(0x4e00 + i)}`);
  const id = await openWith(...words.map((message, i) => ({ id: `m${i}`, message })));
  const sum = (groups: readonly { count: number }[]) => groups.reduce((total, { count }) => total + count, 0);
  expect(sum(await failureGroups(bus, id, 7))).toBe(7);
  const groups = await failureGroups(bus, id);
  expect([groups.length, sum(groups)]).toEqual([101, 105]);
  expect(groups[0]).toMatchObject({ queue: '-', why: 'other reasons', error: undefined, count: 5 });
});

test('all of them are put back, the oldest first, and those of another batch are not', async () => {
  const id = await openWith(...Array.from({ length: 12 }, (_, i) => ({ id: `m${i}` })));
  await bus.push([output('foreign', 'q', { kind: 'dead', reason: '{"why":"tested"}' })]);
  expect(await retryDead(bus, id)).toBe(12);
  expect(await waiting()).toEqual(Array.from({ length: 12 }, (_, i) => `m${i}`));
  expect(await bus.deadLetters.count()).toBe(1);
});

test('`then` is allowed once more only where that is asked for, and something was dead', async () => {
  const id = await openWith({ id: 'm1' });
  const fired = `${id} fired`;
  await redis.hset(keys.batches, fired, '1');
  await retryDead(bus, id);
  await retryDead(bus, id, true); // nothing is dead any more
  expect(await redis.hexists(keys.batches, fired)).toBe(1);
  const again = await openWith({ id: 'm2' });
  await redis.hset(keys.batches, fired, '1');
  expect([again, await retryDead(bus, id, true)]).toEqual([id, 1]);
  expect(await redis.hexists(keys.batches, fired)).toBe(0);
});

test('a batch that is unknown or cancelled is refused, and its dead stay', async () => {
  await expect(retryDead(bus, 'none')).rejects.toMatchObject({ code: 'MR_NOT_FOUND' });
  const id = await openWith({ id: 'm1' }, { id: 'm2' });
  await bus.batches.cancel(id, 'not wanted');
  await expect(retryDead(bus, id)).rejects.toMatchObject({ code: 'MR_BATCH_CLOSED' });
  expect([await waiting(), await bus.deadLetters.count()]).toEqual([[], 2]);
});
