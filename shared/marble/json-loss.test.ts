/** Data that JSON would silently change is refused, with its path and with what to send instead. */
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { decodeData, encodeData } from './codec.js';
import type { Codec } from './types.js';

class Money {
  readonly #cents: number;
  constructor(cents: number) {
    this.#cents = cents;
  }
  more(): number {
    return this.#cents + 1;
  }
}
class Page {
  constructor(readonly url: string) {}
}

const encode = (data: unknown, codec?: Codec) => encodeData(data, 1_048_576, codec);
const roundTrip = (data: unknown) => {
  const { type, data: bytes } = encode(data);
  return decodeData({ type, data: Buffer.from(bytes as string), id: 'x' });
};
const refusal = (work: () => unknown): Error & { code?: string } => {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was taken');
};

test.each<[string, unknown, string]>([
  [
    'a Set',
    { items: [1, 2, 3, { tags: new Set() }] },
    'data.items[3].tags: a Set is not carried by JSON; use an array',
  ],
  ['a Map', new Map([[1, 2]]), 'data: a Map is not carried by JSON; use an object'],
  ['a WeakMap', { a: new WeakMap() }, 'data.a: a WeakMap'],
  [
    'a forgotten await',
    { user: Promise.resolve(1) },
    'data.user: a Promise is not carried by JSON; use what it resolves',
  ],
  [
    'an own thenable',
    {
      user: new (class Query extends Page {
        then() {
          return 1;
        }
      })('x'),
    },
    'data.user: an instance of Query',
  ],
  [
    'an Error',
    { why: new TypeError('x') },
    'data.why: a TypeError is not carried by JSON; use an object with its message',
  ],
  ['a RegExp', [/x/], 'data[0]: a RegExp'],
  ['typed arrays', { samples: new Float64Array(2) }, 'data.samples: a Float64Array is not carried by JSON; use base64'],
  ['bytes inside', { body: new Uint8Array(2) }, 'data.body: a Uint8Array'],
  ['a Buffer inside', { body: Buffer.from('x') }, 'data.body: a Buffer'],
  ['an ArrayBuffer inside', [new ArrayBuffer(1)], 'data[0]: an ArrayBuffer'],
  ['other views', new DataView(new ArrayBuffer(1)), 'data: a DataView'],
  ['a function inside', { on: { click: () => 1 } }, 'data.on.click: a function is not carried by JSON; use data'],
  ['a symbol', { 'two words': Symbol('x') }, 'data["two words"]: a symbol'],
  ['NaN', { price: NaN }, 'data.price: NaN is not carried by JSON; use null'],
  ['Infinity', [[1, -Infinity]], 'data[0][1]: -Infinity'],
  ['a BigInt inside', { n: 1n }, 'data.n: a BigInt is not carried by JSON; use a string'],
  ['undefined in an array', [1, undefined], 'data[1]: undefined is not carried by JSON; use null'],
  // eslint-disable-next-line no-sparse-arrays -- a hole is what this tests
  ['a hole in an array', [1, , 2], 'data[1]: undefined'],
  ['an invalid Date', { at: new Date('no') }, 'data.at: an invalid Date'],
  ['private fields', { price: new Money(1) }, 'data.price: an instance of Money without fields of its own'],
  ['URLSearchParams', { query: new URLSearchParams('a=1') }, 'data.query: '],
  ['what toJSON makes', { a: { toJSON: () => ({ b: new Set() }) } }, 'data.a.b: a Set'],
  ['a Map of another realm', { m: runInNewContext('new Map()') as unknown }, 'data.m: a Map'],
  ['undefined', undefined, 'data: undefined is not carried by JSON; use null'],
])('%s is refused', (_what, data, message) => {
  const error = refusal(() => encode(data));
  expect(error.code).toBe('MR_DATA_UNENCODABLE');
  expect(error.message).toContain(message);
});

test.each<[string, unknown, unknown]>([
  ['text', 'x', 'x'],
  ['null', null, null],
  ['a field that is undefined', { a: 1, b: undefined }, { a: 1 }],
  ['a Date, as text', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
  ['a URL, as text', new URL('http://x/'), 'http://x/'],
  ['an instance with fields', new Page('u'), { url: 'u' }],
  ['an object without a prototype', Object.assign(Object.create(null) as object, { a: [] }), { a: [] }],
  ['boxed primitives', [Object('x'), Object(1)], ['x', 1]],
  ['an empty object of another realm', runInNewContext('({ a: {}, b: [{}] })'), { a: {}, b: [{}] }],
  ['its own toJSON', { toJSON: () => [1] }, [1]],
  [
    'a toJSON that returns itself',
    Object.assign(new Page('u'), {
      toJSON(this: object) {
        return this;
      },
      toString: undefined,
    }),
    { url: 'u' },
  ],
  ['deep data', JSON.parse('['.repeat(500) + ']'.repeat(500)), JSON.parse('['.repeat(500) + ']'.repeat(500))],
])('%s is carried', (_what, data, arrives) => {
  expect(roundTrip(data)).toEqual(arrives);
});

test.each<[string, unknown]>([
  ['a Buffer', Buffer.from([0, 255])],
  ['a Uint8Array', new Uint8Array([9, 0, 255, 9]).subarray(1, 3)],
  ['a Uint8Array of another realm', runInNewContext('new Uint8Array([0, 255])')],
  ['an ArrayBuffer', new Uint8Array([0, 255]).buffer],
  ['an ArrayBuffer of another realm', runInNewContext('new Uint8Array([0, 255]).buffer')],
])('%s travels as bytes, also out of a codec', (_what, bytes) => {
  expect(roundTrip(bytes)).toEqual(Buffer.from([0, 255]));
  const { type, data } = encode('x', { encode: () => bytes as Uint8Array, decode: String });
  expect([type, data]).toEqual(['c', Buffer.from([0, 255])]);
});

const thrown: [string, unknown][] = [
  ['an Error', new Error('broken')],
  ['text', 'broken'],
  ['nothing', undefined],
  ['null', null],
  ['a symbol', Symbol('broken')],
  [
    'an object with a getter that throws',
    Object.defineProperty({}, 'message', {
      get: () => {
        throw new Error('no');
      },
    }),
  ],
  [
    'a revoked Proxy',
    (() => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    })(),
  ],
];
const throwing = (what: unknown) => () => {
  throw what;
};

test.each(thrown)(
  'a toJSON or codec that throws %s is MR_DATA_UNENCODABLE or MR_DATA_UNREADABLE, with the cause',
  (_what, what) => {
    const codec = { encode: throwing(what) as () => string, decode: throwing(what) };
    const tries: [() => unknown, string][] = [
      [() => encode({ a: { toJSON: throwing(what) } }), 'MR_DATA_UNENCODABLE'],
      [() => encode(1, codec), 'MR_DATA_UNENCODABLE'],
      [() => decodeData({ type: 'c', data: Buffer.from('x'), id: 'x' }, codec), 'MR_DATA_UNREADABLE'],
    ];
    for (const [work, code] of tries) {
      const error = refusal(work);
      expect(error.code).toBe(code);
      if (what !== undefined) expect(Object.is(error.cause, what)).toBe(true);
    }
  },
);

test.each<[string, unknown, string]>([
  ['nothing', undefined, 'a value of type undefined'],
  ['a number', 7, 'a value of type number'],
  ['null', null, 'null'],
  ['a promise', Promise.resolve('x'), 'a Promise'],
  ['another typed array', new Float32Array(1), 'a value of type object'],
])('a codec that returns %s is MR_DATA_UNENCODABLE', (_what, returned, told) => {
  const error = refusal(() => encode(1, { encode: () => returned as string, decode: String }));
  expect(error.code).toBe('MR_DATA_UNENCODABLE');
  expect(error.message).toContain(`its codec returned ${told}; allowed: text, a Uint8Array or an ArrayBuffer`);
});
