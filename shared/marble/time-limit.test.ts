/** A time limit counts from the start of the handler, however long the marble had to wait before. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { marbleOf, peek, sweep, waiting } from './testing.js';

const counts = async () => (await peek.show()).find(({ queue }) => queue === 'a')!.counts;
function compute(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
const handlers = { async: (ms: number) => sleep(ms), sync: compute };

test.each([
  { form: 'async', concurrency: 1, of: 'the worker' },
  { form: 'async', concurrency: 5, of: 'the worker' },
  { form: 'sync', concurrency: 1, of: 'the worker' },
  { form: 'sync', concurrency: 10, of: 'the worker' },
  { form: 'async', concurrency: 1, of: 'the marble' },
  { form: 'sync', concurrency: 10, of: 'the marble' },
] as const)(
  'handlers that take less than the limit of $of lose nothing: $form, $concurrency at a time',
  async ({ form, concurrency, of }) => {
    // Without a thread, which also gives back what waits while the whole machine stands still.
    const marble = marbleOf(of === 'the worker' ? { heartbeat: 'loop' } : {});
    const limit = of === 'the worker' ? { timeLimitMs: 400 } : {};
    const n = 20;
    await marble.sendMany(
      'a',
      Array.from({ length: n }, () => 150),
      of === 'the marble' ? { timeLimitMs: 400 } : {},
    );
    const errors: unknown[] = [];
    const handler = (ms: unknown) => handlers[form](ms as number);
    marble.work('a', handler, { concurrency, ...limit, onError: (error) => errors.push(error) });
    await until('all are finished', async () => {
      await sweep();
      return (await counts()).finished === n;
    });
    expect(errors).toEqual([]);
    const { taken, released, dropped, dead } = await counts();
    expect({ taken, dropped, dead }).toEqual({ taken: n + released, dropped: 0, dead: 0 });
    if (of === 'the worker') expect(released).toBe(0); // nothing was taken ahead, to wait under its limit
  },
);

test('one that takes longer is told, given back at once and charged, and its result is not accepted', async () => {
  const marble = marbleOf();
  await marble.send('a', 1);
  const errors: unknown[] = [];
  const attempts: number[] = [];
  const worker = marble.work(
    'a',
    async (_data, held) => {
      attempts.push(held.attempt);
      if (held.attempt === 1) await new Promise((resolve) => held.signal.addEventListener('abort', resolve));
      if (held.attempt === 1) expect(() => held.send('out', 1)).toThrow(/its handler has ended/);
      else held.send('out', 2);
    },
    { timeLimitMs: 100, onError: (error) => errors.push(error) },
  );
  await until('it is finished', async () => (await counts()).finished === 1); // no Monitor was needed
  expect(attempts).toEqual([1, 2]);
  expect(errors).toMatchObject([{ code: 'MR_TIME_LIMIT' }]);
  expect(await waiting('out')).toEqual([2]);
  expect(await counts()).toMatchObject({ dropped: 1, returned: 1 });
  await worker.stop();
});

test('one that hangs its worker is charged, and what was taken with it is not', async () => {
  const marble = marbleOf();
  const holdings = { leaseMs: 60_000, timeLimitMs: 50, maxAttempts: 3, takesAhead: true, description: {} };
  const holding = peek.holders.holding(peek.holders.waitingConnection(1000), holdings);
  await holding.enter();
  await marble.sendMany('a', ['hangs', 'good', 'good']);
  const taken = await holding.swap({ sources: ['a'], want: 3 });
  expect(taken).toMatchObject({ taken: [{}, {}, {}] });
  await until('they are over their limit', async () => (await sweep()).returned === 3);
  expect((await peek.dump('a')).map(({ attempt, suspicion }) => [attempt, suspicion])).toEqual(Array(3).fill([0, 1]));

  const again = await holding.swap({ sources: ['a'], want: 1 });
  if (again.forgotten) throw new Error('the holder is not known');
  await holding.begin([{ held: again.taken[0]!, charge: 'alone' }]);
  await until('the one is over its limit', async () => (await sweep()).returned === 1);
  expect((await peek.dump('a')).map(({ attempt, suspicion }) => [attempt, suspicion])).toEqual([
    [1, 1],
    [0, 1],
    [0, 1],
  ]);
});
