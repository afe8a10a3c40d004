/**
 * Options that JavaScript lets pass and types would not. Each method refuses them before anything is sent, in plain
 * English that names the field, the value and what is allowed. A method that is missing from the tables here fails the
 * first test.
 */
import { afterAll, expect, test } from '@jest/globals';
import { fakeMarble } from '../testing/fake-marble.js';
import { HeldInHandler } from './held-in-handler.js';
import { HeldInLoop } from './held-in-loop.js';
import { InHand } from './in-hand.js';
import { Marble } from './marble.js';

/** A client whose Redis is not there: an option that is refused must be refused without asking Redis. */
const marble = new Marble({ redis: 'redis://127.0.0.1:1' });
const held = fakeMarble('x');
const inLoop = new HeldInLoop(new InHand((held as unknown as HeldInHandler).held, undefined), 'x', marble);
afterAll(() => marble.close());

type Call = (what: never) => unknown;
const OPTIONS: Record<string, Call> = {
  'Marble.constructor': (options) => new Marble(options),
  'Marble.wait': (options) => marble.wait('q', options),
  'Marble.each': (options) => marble.each('q', options),
  'Marble.send': (options) => marble.send('q', 1, options),
  'Marble.expedite': (options) => marble.expedite('q', 1, options),
  'Marble.elevate': (options) => marble.elevate('q', 1, options),
  'Marble.sendMany': (options) => marble.sendMany('q', [1], options),
  'Marble.fail': (options) => marble.fail('x', options),
  'Marble.work': (options) => marble.work('q', () => 1, options),
  'Marble.batch': (options) => marble.batch('b', options),
  'Marble.batches': (options) => marble.batches(options),
  'HeldInHandler.send': (options) => held.send('q', 1, options),
  'HeldInHandler.expedite': (options) => held.expedite('q', 1, options),
  'HeldInHandler.elevate': (options) => held.elevate('q', 1, options),
  'HeldInLoop.fail': (options) => inLoop.fail('x', options),
};
const QUEUES: Record<string, Call> = {
  'Marble.wait': (queue) => marble.wait(queue),
  'Marble.check': (queue) => marble.check(queue),
  'Marble.each': (queue) => marble.each(queue),
  'Marble.send': (queue) => marble.send(queue, 1),
  'Marble.expedite': (queue) => marble.expedite(queue, 1),
  'Marble.elevate': (queue) => marble.elevate(queue, 1),
  'Marble.sendMany': (queue) => marble.sendMany(queue, [1]),
  'Marble.work': (queue) => marble.work(queue, () => 1),
  'HeldInHandler.send': (queue) => held.send(queue, 1),
  'HeldInHandler.expedite': (queue) => held.expedite(queue, 1),
  'HeldInHandler.elevate': (queue) => held.elevate(queue, 1),
};
/** The methods that take neither a queue nor options. */
const OTHERS = ['Marble.finish', 'Marble.report', 'Marble.status', 'Marble.close', 'HeldInLoop.finish']
  .concat(['HeldInHandler.retryIn', 'HeldInHandler.report', 'HeldInHandler.abort', 'HeldInHandler.constructor'])
  .concat(['HeldInLoop.constructor']);

async function told(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    return `${code} ${message}`;
  }
  return 'nothing';
}

test('every method of every class is in a table', () => {
  const methods = [Marble, HeldInHandler, HeldInLoop].flatMap(({ prototype, name: of }) =>
    Object.entries(Object.getOwnPropertyDescriptors(prototype))
      .filter(([, { value }]) => typeof value === 'function')
      .map(([name]) => `${of}.${name}`),
  );
  const known = new Set([...Object.keys(OPTIONS), ...Object.keys(QUEUES), ...OTHERS]);
  expect(methods.filter((method) => !known.has(method))).toEqual([]);
  expect([...known].filter((method) => !methods.includes(method))).toEqual([]);
});

const NO_OPTIONS: [unknown, string][] = [
  [5, '5'],
  ['redis://:hunter2@h', 'text'],
  [null, 'null'],
  [[], 'an empty array'],
  [[1], 'an array'],
  [true, 'true'],
  [1n, '1n'],
  [Symbol('x'), 'Symbol(x)'],
  [() => 1, 'a function'],
  [new Map(), 'a Map'],
  [Promise.resolve(), 'a Promise'],
];
test.each(Object.entries(OPTIONS))(
  '%s refuses options that are no object, and one that is unknown',
  async (_, call) => {
    for (const [options, shown] of NO_OPTIONS) {
      const said = await told(() => call(options as never));
      expect(said).toMatch(
        /^MR_BAD_OPTION \w+: .* is not allowed; allowed: an object of options, such as \{ \w+: … \}/,
      );
      expect(said).toContain(`: ${shown} is not allowed`);
      expect(said).not.toContain('hunter2');
    }
    expect(await told(() => call({ colour: 'red' } as never))).toMatch(
      /^MR_BAD_OPTION \w+\.colour: there is no such option; known: \w+/,
    );
  },
);

const NO_QUEUES = [undefined, null, 5, true, '', 'a b', '{a}', 'x'.repeat(129), Symbol('x'), {}, [], [undefined], ['']];
test.each(Object.entries(QUEUES))('%s refuses what is no name of a queue', async (_, call) => {
  for (const queue of NO_QUEUES)
    expect(await told(() => call(queue as never))).toMatch(
      /^(MR_BAD_NAME queue: (".*"|undefined|null|an? \w+) is not a queue name; allowed: 1 to 128 of A-Z|MR_BAD_OPTION queues: .* is not allowed; allowed: the name of a queue, or an array of names)/,
    );
});

const none = undefined as never;
test.each<[string, () => unknown, string]>([
  ['a delay of what goes first', () => marble.expedite('q', 1, { delayMs: 5 } as object), 'MR_BAD_OPTION expedite.delayMs: there is no such option; known: id, maxAttempts'], // prettier-ignore
  ['a delay of what goes up', () => marble.elevate('q', 1, { delayMs: 5 } as object), 'MR_BAD_OPTION elevate.delayMs: there is no such option'], // prettier-ignore
  ['one id for many', () => marble.sendMany('q', [1], { id: 'x' } as object), 'MR_BAD_OPTION sendMany.id: there is no such option; known: maxAttempts'], // prettier-ignore
  ['atomic without finish', () => new Marble({ monitored: false, atomic: true }), 'MR_BAD_OPTION Marble.atomic: true is not allowed; allowed: false where monitored is false, because there is no finish'], // prettier-ignore
  ['a delay without end', () => marble.send('q', 1, { delayMs: 1e18 }), 'MR_BAD_OPTION send.delayMs: 1000000000000000000 is not allowed; allowed: a whole number from 0 to 3155760000000'], // prettier-ignore
  ['a delay of many without end', () => marble.sendMany('q', [1], { delayMs: 1e18 }), 'MR_BAD_OPTION sendMany.delayMs: 1000000000000000000 is not'], // prettier-ignore
  ['no queue to wait on', () => marble.wait([]), 'MR_BAD_OPTION queues: an empty array is not allowed; allowed: the name of a queue, or an array of names'], // prettier-ignore
  ['a number of marbles', () => marble.sendMany('q', 5 as never), 'MR_BAD_OPTION sendMany.items: 5 is not allowed; allowed: an array, an iterable or an async iterable; [item] for one'], // prettier-ignore
  ['one text', () => marble.sendMany('q', 'abc' as never), 'MR_BAD_OPTION sendMany.items: "abc" is not allowed'],
  ['one object', () => marble.sendMany('q', {} as never), 'MR_BAD_OPTION sendMany.items: an object is not allowed'],
  ['no items', () => marble.sendMany('q', none), 'MR_BAD_OPTION sendMany.items: undefined is not allowed'],
  ['a promise of items', () => marble.sendMany('q', Promise.resolve([1]) as never), 'MR_BAD_OPTION sendMany.items: a Promise is not allowed; allowed: an array, an iterable or an async iterable: await it first'], // prettier-ignore
  [
    'no handler',
    () => marble.work('q', none),
    'MR_BAD_OPTION work.handler: undefined is not allowed; allowed: a function',
  ],
  ['text for a number', () => marble.wait('q', { timeoutMs: '5' as never }), 'MR_BAD_OPTION wait.timeoutMs: "5" is not allowed; allowed: a whole number from 0 to 2147483647'], // prettier-ignore
  ['a wait for ever', () => marble.wait('q', { timeoutMs: Infinity }), 'MR_BAD_OPTION wait.timeoutMs: Infinity is not allowed'], // prettier-ignore
  ['its controller', () => marble.each('q', { signal: new AbortController() as never }), 'MR_BAD_OPTION each.signal: an AbortController is not allowed; allowed: an AbortSignal'], // prettier-ignore
  ['front or not', () => marble.elevate('q', 1, { expedite: 'yes' as never }), 'MR_BAD_OPTION elevate.expedite: "yes" is not allowed; allowed: true or false'], // prettier-ignore
  ['an id', () => marble.send('q', 1, { id: 5 as never }), 'MR_BAD_NAME send.id: a number is not an id; allowed: 1 to 128 of'], // prettier-ignore
  ['a batch', () => held.send('q', 1, { batch: 'a b' }), 'MR_BAD_NAME send.batch: "a b" is not an id; allowed: 1 to 128 of'], // prettier-ignore
  ['no time', () => held.retryIn(none), 'MR_BAD_OPTION retryIn.retryInMs: undefined is not allowed; allowed: a whole number from 0'], // prettier-ignore
  ['no number', () => marble.fail('x', { retryInMs: NaN }), 'MR_BAD_OPTION fail.retryInMs: NaN is not allowed'],
  ['no report', () => marble.report(none), 'MR_BAD_OPTION report.message: undefined is not allowed; allowed: a string'],
])('%s is refused', async (_what, call, message) => {
  expect(await told(call)).toContain(message);
});
