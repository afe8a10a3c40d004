import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { compressed, encrypted, type Codec } from './index.js';

const k1 = randomBytes(32);
const k2 = randomBytes(32).toString('base64');
const data = { text: 'x'.repeat(5000), n: 1 };
const old = encrypted({ keys: { k1 }, use: 'k1' });
const rotated = encrypted({ keys: { k1, k2 }, use: 'k2' });
const bytesOf = (codec: Codec, what: unknown) => Buffer.from(codec.encode(what) as Uint8Array);

test.each([data, { a: 1 }, 'text', null, Buffer.from([0, 255])])('%p comes back, however it was packed', (what) => {
  const ways = [compressed({ method: 'gzip' }), compressed({ method: 'brotli', fromBytes: 0 }), old, rotated];
  for (const way of [...ways, encrypted({ keys: { k2 }, use: 'k2' }, compressed()), compressed({}, old)])
    expect(way.decode(bytesOf(way, what))).toEqual(what);
});

test('it is compressed from a size on and where it gets smaller, and read by any setting', () => {
  expect(bytesOf(compressed(), data).length).toBeLessThan(200);
  expect(bytesOf(compressed({ fromBytes: 6000 }), data).length).toBeGreaterThan(5000);
  const noise = randomBytes(2000);
  expect(bytesOf(compressed(), noise).length).toBe(2002);
  expect(compressed().decode(bytesOf(compressed({ method: 'brotli' }), data))).toEqual(data);
});

test('what unfolds to too much, or is of somebody else, is refused', () => {
  expect(() => compressed({ maxBytes: 100 }).decode(bytesOf(compressed(), data))).toThrow();
  expect(() => compressed().decode(Buffer.from([9, 1]))).toThrow(/its first byte is 9/);
  expect(() => compressed().decode(Buffer.alloc(0))).toThrow(/its first byte is missing/);
});

test('nothing of the data can be read, and no two marbles look alike', () => {
  expect(bytesOf(old, data).includes('xxxx')).toBe(false);
  expect(bytesOf(old, data).equals(bytesOf(old, data))).toBe(false);
});

test('a new key is taken while marbles of the old one wait; an unknown one is named', () => {
  expect(rotated.decode(bytesOf(old, data))).toEqual(data);
  expect(() => old.decode(bytesOf(rotated, data))).toThrow('it is encrypted with key "k2", and the keys here are k1');
  const other = encrypted({ keys: { k1: randomBytes(32) }, use: 'k1' });
  expect(() => other.decode(bytesOf(old, data))).toThrow(/its key "k1" is another one here/);
});

test('whatever bit is changed and wherever it is cut, it is refused', () => {
  const bytes = bytesOf(old, { a: 1 });
  for (let i = 0; i < bytes.length; i++) {
    const changed = Buffer.from(bytes);
    changed[i]! ^= 1;
    expect(() => old.decode(changed)).toThrow();
    expect(() => old.decode(bytes.subarray(0, i))).toThrow();
  }
});

test.each<[object, RegExp]>([
  [{}, /encrypted\.use: undefined/],
  [{ keys: { k1 }, use: 'no' }, /encrypted\.use: "no" .*: k1/],
  [{ keys: { k1: 'c2VjcmV0' }, use: 'k1' }, /encrypted\.keys\.k1: "6 bytes" .* 32 random bytes/],
  [{ keys: { 'a b': k1 }, use: 'a b' }, /encrypted\.keys: "a b"/],
  [{ key: k1 }, /did you mean "keys"/],
])('bad options are refused, and no key is shown', (options, message) => {
  expect(() => encrypted(options as never)).toThrow(message);
  expect(() => encrypted(options as never)).not.toThrow(/c2VjcmV0/);
  expect(() => compressed({ method: 'lzma' } as never)).toThrow(/"gzip" or "brotli" or "zstd"/);
  expect(() => compressed({}, {} as never)).toThrow(/compressed\.inner/);
});
