/** The limits of what may be sent with one marble: the same for a handler and for an atomic loop. */
import { expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { marbleOf, peek, waiting } from './testing.js';

type Send = (data: string) => unknown;
/** Works on the one marble of queue `a`, as a handler or as a loop. Resolves with what was thrown. */
type Form = (work: (send: Send) => unknown) => Promise<unknown>;

const handler: Form = async (work) => {
  const errors: unknown[] = [];
  const marble = marbleOf({ maxAttempts: 1 });
  marble.work('a', (_data, held) => void work((data) => held.send('out', data)), {
    onError: (error) => errors.push(error),
  });
  await marble.send('a', 1);
  await until('it is over', async () => (await finished()) + (await peek.deadLetters.count()) === 1);
  return errors[0];
};

const loop: Form = async (work) => {
  const marble = marbleOf({ maxAttempts: 1, atomic: true });
  await marble.send('a', 1);
  await marble.wait('a');
  const sends: Promise<unknown>[] = [];
  work((data) => sends.push(marble.send('out', data)));
  const refused = (await Promise.allSettled(sends)).find((sent) => sent.status === 'rejected');
  expect(await waiting('out')).toEqual([]);
  await (refused ? marble.fail(new Error('too many')) : marble.finish());
  return refused?.reason as unknown;
};

const finished = async () => (await peek.show()).find(({ queue }) => queue === 'a')?.counts.finished ?? 0;
const MANY = 'x'.repeat(1_040_000);

test.each<{ form: string; what: string; work: Form; n: number; data: string; fits: boolean }>(
  [['a handler', handler] as const, ['an atomic loop', loop] as const].flatMap(([form, work]) => [
    { form, what: '10,000 outputs go together', work, n: 10_000, data: '', fits: true },
    { form, what: '10,001 are refused', work, n: 10_001, data: '', fits: false },
    { form, what: '16 of nearly a MiB go together', work, n: 16, data: MANY, fits: true },
    { form, what: '17 of nearly a MiB are refused', work, n: 17, data: MANY, fits: false },
  ]),
)('of $form, $what, and what is refused names the limit', async ({ work, n, data, fits }) => {
  const error = await work((send) => {
    for (let i = 0; i < n; i++) send(data);
  });
  expect([await finished(), await peek.deadLetters.count()]).toEqual(fits ? [1, 0] : [0, 1]);
  expect((await peek.show()).find(({ queue }) => queue === 'out')?.depth ?? 0).toBe(fits ? n : 0);
  if (fits) expect(error).toBeUndefined();
  else
    expect(error).toMatchObject({
      code: 'MR_TOO_MANY_OUTPUTS',
      message: expect.stringMatching(/^marble \S+ of queue a: \d+ outputs of \d+ bytes; allowed: 10000 of 16777216/),
    });
});

test('one of any size goes alone, and what was kept before a refused one is still committed', async () => {
  const marble = marbleOf({ atomic: true, maxDataBytes: 40_000_000 });
  await marble.send('a', 1);
  await marble.wait('a');
  await marble.send('out', 'x'.repeat(17_000_000));
  await expect(marble.send('out', 'small')).rejects.toMatchObject({ code: 'MR_TOO_MANY_OUTPUTS' });
  expect(await waiting('out')).toEqual([]);
  await marble.finish();
  expect((await waiting('out')).map((data) => (data as string).length)).toEqual([17_000_000]);
});

test('a sendMany of an atomic loop that is too long says where it stopped, and is committed up to there', async () => {
  const marble = marbleOf({ atomic: true });
  await marble.send('a', 1);
  await marble.wait('a');
  const items = Array.from({ length: 10_200 }, (_, i) => i);
  await expect(marble.sendMany('out', items)).rejects.toMatchObject({
    ...{ name: 'MarbleRunError', code: 'MR_TOO_MANY_OUTPUTS', sent: 10_000, index: 10_000 },
  });
  expect(await waiting('out')).toEqual([]);
  await marble.finish();
  expect(await waiting('out')).toEqual(items.slice(0, 10_000));
});
