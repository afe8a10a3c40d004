/** Errors of a handler and of its `onError` fail one marble and nothing else. */
import { beforeEach, expect, jest, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import type { WorkOptions } from './work.js';
import { marbleOf, peek, waiting } from './testing.js';

const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
beforeEach(() => void emitWarning.mockClear());

interface Warning {
  readonly code?: string;
  readonly detail?: string;
}
const told = (code: string) =>
  emitWarning.mock.calls
    .map(([message, options]) => ({ message: String(message), ...(options as unknown as Warning) }))
    .filter((warning) => warning.code === code);

const counts = async (queue: string) => (await peek.show()).find((status) => status.queue === queue)?.counts;

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const thrown: [string, () => unknown][] = [
  ['a revoked Proxy', revoked],
  ['nothing', () => undefined],
  [
    'an error whose message throws',
    () =>
      Object.defineProperty(new Error(), 'message', {
        get: () => {
          throw new Error('no message');
        },
      }),
  ],
  [
    'a circular error',
    () => {
      const error = new Error('round');
      return Object.assign(error, { cause: error });
    },
  ],
  ['an AggregateError without a message', () => new AggregateError([new Error('a')])],
  ['a very long error', () => new Error('x'.repeat(5_000_000))],
];

test.each(thrown)('%s, thrown or rejected with, fails its marble and no other', async (_what, error) => {
  const marble = marbleOf({ maxAttempts: 1 });
  await marble.sendMany('q', ['throw', 'reject', 'fine', 'throw', 'fine']);
  marble.work('q', (data) => {
    if (data === 'throw') throw error();

    return data === 'reject' ? Promise.reject(error()) : undefined;
  });
  await until(
    'all have ended',
    async () => (await peek.deadLetters.count()) === 3 && (await counts('q'))?.finished === 2,
  );
  expect((await peek.show())[0]).toMatchObject({ depth: 0, held: 0 });
});

const onErrors: [string, WorkOptions['onError']][] = [
  [
    'throws',
    () => {
      throw new Error('onError broke');
    },
  ],
  ['rejects', () => Promise.reject(new Error('onError broke'))],
  [
    'throws a revoked Proxy',
    () => {
      throw revoked() as Error;
    },
  ],
];

test.each(onErrors)('an onError that %s costs neither a place nor the worker', async (_what, onError) => {
  const marble = marbleOf({ maxAttempts: 1 });
  await marble.sendMany('q', [...Array(6).keys()]);
  const worker = marble.work(
    'q',
    async (data) => {
      await Promise.resolve();
      if ((data as number) < 4) throw new Error('no');
    },
    { concurrency: 2, ...(onError && { onError }) },
  );
  await until(
    'all have ended',
    async () => (await peek.deadLetters.count()) === 4 && (await counts('q'))?.finished === 2,
  );
  await worker.stop();
  await until('it was told', () => told('MR_ON_ERROR').length === 4);
  expect(told('MR_ON_ERROR')[0]!.message).toMatch(
    /^onError threw when it was called for marble \S+ of queue q, attempt 1: /,
  );
});

test("the default warning shows the error's own stack", async () => {
  const marble = marbleOf({ maxAttempts: 1 });
  await marble.send('q', 1);
  marble.work('q', function inMyHandler() {
    throw new Error('broken');
  });
  await until('it was told', () => told('MR_WORK').length === 1);
  expect(told('MR_WORK')[0]).toMatchObject({
    message: expect.stringMatching(/^marble \S+ of queue q, attempt 1: broken$/),
  });
  expect(told('MR_WORK')[0]!.detail).toMatch(/Error: broken\n.*inMyHandler/);
});

test.each([undefined, null, 'x', {}, [], Promise.resolve()])('%p as a handler is refused at the call', (handler) => {
  expect(() => marbleOf().work('q', handler as never)).toThrow(/work\.handler: .* is not allowed; allowed: a function/);
});

test('a handler that sends by its Marble is told so once; one that sends by its marble, and others, are not', async () => {
  const marble = marbleOf();
  marble.work('plain', (data, held) => void held.send('out', data));
  await marble.sendMany('plain', [1, 2]);
  await until('they were sent on', async () => (await waiting('out')).length === 2);
  setTimeout(() => void marble.send('out', 3), 1);
  await until('a third is there', async () => (await waiting('out')).length === 3);
  expect(told('MR_SENT_OUTSIDE')).toEqual([]);
  const helper = async (data: unknown) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    await marble.send('out', data);
  };
  marble.work('deep', async (data) => {
    await Promise.all([helper(data), helper(data)]);
  });
  await marble.sendMany('deep', [1, 2]);
  await until('all are there', async () => (await waiting('out')).length === 7);
  expect(told('MR_SENT_OUTSIDE').map(({ message }) => message)).toEqual([
    expect.stringMatching(/^send of the Marble was called by a handler/),
  ]);
});

test.each(['send', 'expedite', 'elevate', 'sendMany'] as const)(
  '%s of the Marble in a handler is noticed',
  async (call) => {
    const marble = marbleOf();
    await marble.send('q', 1);
    marble.work('q', () => (call === 'sendMany' ? marble.sendMany('out', [1]) : marble[call]('out', 1)));
    await until('it is told', () => told('MR_SENT_OUTSIDE').length === 1);
    expect(told('MR_SENT_OUTSIDE')[0]!.message).toContain(`${call} of the Marble`);
  },
);
