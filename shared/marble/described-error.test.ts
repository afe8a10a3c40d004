import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { describeError, plainError } from './described-error.js';

test.each([
  ['an error', new RangeError('broken'), { name: 'RangeError', message: 'broken', stack: expect.any(String) }],
  ['a code', Object.assign(new Error('gone'), { code: 'ENOENT' }), { code: 'ENOENT' }],
  ['a code that is no JSON', Object.assign(new Error('gone'), { code: 10n }), { code: '10n' }],
  [
    'a message that is no text',
    Object.assign(new Error('x'), { message: { no: 'text' } }),
    { message: "{ no: 'text' }" },
  ],
  ['a cause', new Error('outer', { cause: new Error('inner') }), { cause: expect.stringContaining('Error: inner') }],
  ['text', 'just text', { message: 'just text' }],
  ['an object', { status: 503 }, { message: '{ status: 503 }' }],
  ['an object without a prototype', Object.create(null), { message: '[Object: null prototype] {}' }],
  ['nothing', undefined, { message: 'undefined' }],
])('%s that was thrown is described', (_what, error, described) => {
  expect(describeError(error)).toMatchObject(described);
});

test('a description is bounded, and whole characters only', () => {
  const error = Object.assign(new Error(`x${'😀'.repeat(5000)}`), { name: 'n'.repeat(9999), code: 'c'.repeat(9999) });
  const json = JSON.stringify(describeError(error));
  expect(json.length).toBeLessThan(10_000);
  expect(json).not.toMatch(/\\ud[89a-f]/i);
});

const throws = (field: string) =>
  Object.defineProperty(new Error('x'), field, {
    get: () => {
      throw new Error(`no ${field}`);
    },
  });
const revoked = (target: object) => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
const circular = new Error('round', { cause: undefined });
circular.cause = circular;
const group = new AggregateError([], '');
group.errors.push(group, new Error('inner'));

/** Values that can be thrown and are hard to describe, and the description that each must get. */
const HOSTILE: [string, unknown, object][] = [
  ...['name', 'message', 'code', 'stack', 'cause'].map((field): [string, unknown, object] => [
    `an error whose ${field} throws`,
    throws(field),
    { [field]: `[its ${field} cannot be read]` },
  ]),
  ['a revoked Proxy', revoked({}), { message: expect.stringContaining('Proxy') }],
  ['a revoked Proxy of an error', revoked(new Error('x')), { message: expect.stringContaining('Proxy') }],
  [
    'an inspect that throws',
    {
      [inspect.custom]: () => {
        throw new Error('no');
      },
    },
    { message: '[object that cannot be shown]' },
  ],
  [
    'an AggregateError without a message',
    new AggregateError([new Error('a'), new Error('b')]),
    { message: '2 errors: a; b' },
  ],
  ['an AggregateError of itself', group, { message: expect.stringContaining('2 errors: ') }],
  ['an error without a message', new RangeError(), { message: 'RangeError without a message' }],
  ['a circular error', circular, { message: 'round' }],
  ['a very long error', new Error('x'.repeat(50_000_000)), { message: 'x'.repeat(2000) }],
  [
    'an object of very many fields',
    Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [i, i])),
    { message: '[Object of more than 100 fields]' },
  ],
  ['a large Buffer', Buffer.alloc(50_000_000), { message: expect.stringContaining('<Buffer') }],
  ['a symbol', Symbol('s'), { message: 'Symbol(s)' }],
  ['a function', throws, { message: expect.stringContaining('[Function') }],
  ['null', null, { message: 'null' }],
  ['an error of another realm', runInNewContext('new TypeError("far")'), { name: 'TypeError', message: 'far' }],
];

test.each(HOSTILE)('%s is described in little, at once', (_what, error, described) => {
  const before = process.cpuUsage();
  const told = describeError(error);
  expect(told).toMatchObject(described);
  expect(JSON.stringify(told).length).toBeLessThan(20_000);
  expect(plainError(error).message).toBe(told.message);
  const { user, system } = process.cpuUsage(before);
  expect(user + system).toBeLessThan(1_000_000); // us; time on the clock would be that of other tests too
});
