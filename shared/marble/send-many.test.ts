/** The error of a `sendMany` that fails half-way, and how to continue from there. */
import { Socket } from 'node:net';
import { expect, jest, test } from '@jest/globals';
import { SendManyError, sendMany } from './send-many.js';
import { marbleOf, waiting } from './testing.js';

const numbers = (n: number) => Array.from({ length: n }, (_, i) => i);
const failed = async (sending: Promise<unknown>): Promise<SendManyError> => {
  const error: unknown = await sending.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SendManyError);
  return error as SendManyError;
};

test.each([0, 3, 499, 500, 1200])(
  'item %d that cannot be encoded is named, all before it are sent, and one goes on behind it',
  async (bad) => {
    const marble = marbleOf();
    const items: unknown[] = numbers(1300);
    items[bad] = new Set();
    const error = await failed(marble.sendMany('q', items));
    expect(error).toMatchObject({
      sent: bad,
      index: bad,
      code: 'MR_DATA_UNENCODABLE',
      cause: { code: 'MR_DATA_UNENCODABLE' },
    });
    expect(error.message).toMatch(new RegExp(`^sendMany: item ${bad}: data: a Set is not carried .*; ${bad} sent`));
    expect(await marble.sendMany('q', items.slice(error.index + 1))).toBe(1299 - bad);
    expect(await waiting('q')).toEqual(numbers(1300).filter((n) => n !== bad));
  },
);

const generators = {
  'a generator': function* (items: unknown[]) {
    yield* items;
  },
  'an async generator': async function* (items: unknown[]) {
    for (const item of items) yield await Promise.resolve(item);
  },
};
test.each(Object.entries(generators))(
  '%s is not closed by an item that fails: the next call goes on with it',
  async (_what, make) => {
    const marble = marbleOf();
    const items = make([0, 1, NaN, 3, 4]);
    expect(await failed(marble.sendMany('q', items))).toMatchObject({ sent: 2, index: 2 });
    expect(await marble.sendMany('q', items)).toBe(2);
    expect(await waiting('q')).toEqual([0, 1, 3, 4]);
  },
);

test.each([new Error('no more'), 'no more', undefined])(
  'items that throw %p themselves: what came before is sent',
  async (thrown) => {
    const marble = marbleOf();
    async function* items() {
      for (let i = 0; i < 700; i++) yield await Promise.resolve(i);
      throw thrown as Error;
    }
    function* inTurn() {
      yield* numbers(700);
      throw thrown as Error;
    }
    for (const source of [items(), inTurn()])
      expect(await failed(marble.sendMany('q', source))).toMatchObject({
        sent: 700,
        index: 700,
        code: 'MR_ITEMS_FAILED',
        cause: thrown,
      });
    expect(await waiting('q')).toEqual([...numbers(700), ...numbers(700)]);
  },
);

test('what Redis does not take is told by the first item of it, whatever fails after it', async () => {
  const output = (n: number) => {
    if (n === 1400) throw new Error('cannot be encoded');
    return { kind: 'back' as const, queue: 'q', envelope: String(n) };
  };
  let batches = 0;
  const send = () => (++batches === 2 ? Promise.reject(new Error('full')) : Promise.resolve());
  for (const n of [1300, 1500]) {
    batches = 0;
    expect(await failed(sendMany(numbers(n), output, send))).toMatchObject({
      sent: 500,
      index: 500,
      message: expect.stringContaining('full'),
    });
    expect(batches).toBe(2);
  }
});

test.each([5, 'text', undefined, null, {}, Promise.resolve([1]), Buffer.from('x')])(
  '%p is refused as items, and nothing is sent',
  async (items) => {
    await expect(marbleOf().sendMany('q', items as never)).rejects.toMatchObject({
      code: 'MR_BAD_OPTION',
      message: expect.stringMatching(/sendMany\.items: .* is not allowed; allowed: an array, an iterable/),
    });
    expect(await waiting('q')).toEqual([]);
  },
);

test('a batch is on its way while the next one is encoded', async () => {
  const marble = marbleOf();
  await marble.send('q', -1); // it is connected, and its rights are known
  const written = jest.spyOn(Socket.prototype, 'write');
  let soon = 0;
  function* items() {
    for (let i = 0; i < 1000; i++) {
      if (i === 501) soon = written.mock.calls.length;
      yield i;
    }
  }
  expect(await marble.sendMany('q', items())).toBe(1000);
  written.mockRestore();
  expect(soon).toBeGreaterThan(0);
});
