/** Marbles that a handler sends go out with its finish, in one step, and never without it. */
import { expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import type { HeldMarble } from './held-marble.js';
import { marbleOf, peek, waiting } from './testing.js';

const finished = async (name: string) => (await peek.show()).find(({ queue }) => queue === name)?.counts.finished ?? 0;

const endings: Record<string, (held: HeldMarble) => unknown> = {
  'a handler that returned': () => undefined,
  'a handler that forgot to wait for what it had begun': (held) => void Promise.resolve().then(() => held.id),
  'a handler whose promise resolved': () => Promise.resolve(),
  'a handler that threw': () => {
    throw new Error('on purpose');
  },
  'a handler whose promise rejected': () => Promise.reject(new Error('on purpose')),
};

test.each(Object.keys(endings))('%s: nothing more can be sent with its marble', async (name) => {
  const marble = marbleOf({ maxAttempts: 1 });
  let kept: HeldMarble | undefined;
  marble.work(
    'a',
    (_data, held) => {
      kept = held;
      held.send('out', 'in time');
      return endings[name]!(kept);
    },
    { onError: () => undefined },
  );
  await marble.send('a', 1);
  await until('it is over', async () => (await finished('a')) + (await peek.deadLetters.count()) === 1);
  const before = await waiting('out');
  for (const verb of ['send', 'expedite', 'elevate'] as const) {
    expect(() => kept![verb]('out', 'late')).toThrow(
      expect.objectContaining({ code: 'MR_NOTHING_HELD', message: expect.stringContaining('an await or a return') }),
    );
  }
  expect(() => kept!.retryIn(1)).toThrow(/its handler has ended/);
  expect(await waiting('out')).toEqual(before);
});

test('a thousand marbles that send 300 each are finished in commands of bounded size', async () => {
  const marble = marbleOf();
  await marble.sendMany('a', Array(1000).fill(0));
  const worker = marble.work(
    'a',
    (_data, held) => {
      for (let i = 0; i < 300; i++) held.send('out', i);
    },
    { concurrency: 1000 },
  );
  await until('all are finished', async () => (await finished('a')) === 1000, { deadlineMs: 60_000 });
  await worker.stop();
  expect((await peek.show()).find(({ queue }) => queue === 'out')).toMatchObject({ depth: 300_000 });
}, 90_000);
