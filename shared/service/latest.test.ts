/**
 * However many clients look, and however long a reading takes, nothing is read most of the time, so that other work
 * goes on.
 */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Latest } from './latest.js';

let now: number;
let reads: number;
let end: (value: string) => void;
let fail: (error: Error) => void;
const latest = () =>
  new Latest(() => {
    reads++;
    return new Promise<string>((resolve, reject) => ([end, fail] = [resolve, reject]));
  });

beforeEach(() => {
  [now, reads] = [1_000_000, 0];
  jest.spyOn(Date, 'now').mockImplementation(() => now);
});
afterEach(() => void jest.restoreAllMocks());

/** Looks, which begins a reading of this duration. */
async function read(from: Latest<string>, tookMs: number, value = 'read') {
  const look = from.get();
  now += tookMs;
  end(value);
  return look;
}

test('after a reading nothing is read for four times as long as it took, whoever looks', async () => {
  const from = latest();
  expect(await read(from, 500)).toBe('read');
  for (let waited = 0; waited < 2000; waited += 100) {
    expect(await Promise.all([from.get(), from.get(), from.get()])).toEqual(['read', 'read', 'read']);
    now += 100;
  }
  expect(reads).toBe(1);
  expect(await read(from, 10, 'again')).toBe('again');
  expect(reads).toBe(2);
});

test('all who look meanwhile share one reading', async () => {
  const from = latest();
  const looks = [from.get(), from.get(), from.get()];
  end('shared');
  expect(await Promise.all(looks)).toEqual(['shared', 'shared', 'shared']);
  expect(reads).toBe(1);
});

test('what takes very long rests for 15 s, and is not shown for longer than 30 s', async () => {
  const from = latest();
  await read(from, 10_000);
  now += 14_900;
  expect([await from.get(), reads]).toEqual(['read', 1]);
  now += 100;
  void from.get();
  expect(reads).toBe(2);
  now += 15_000;
  const late = from.get(1);
  expect([await late, reads]).toEqual([undefined, 2]);
});

test('a reading that failed rests not at all', async () => {
  const from = latest();
  await read(from, 500);
  now += 2000;
  const look = from.get();
  fail(new Error('away'));
  expect(await look).toBeUndefined();
  expect(await read(from, 1, 'back')).toBe('back');
  expect(reads).toBe(3);
});
