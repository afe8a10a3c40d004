import { expect, test } from '@jest/globals';
import type { Header } from '../communicator/envelope.js';
import { backoffMs, describeError } from './retry.js';

const marble = (attempt: number, own: Partial<Header> = {}): Header => ({
  ...{ id: 'a', attempt, sentAt: 0, type: 'j' },
  ...own,
});
const exact = { retryBaseMs: 100, retryMaxMs: 1000, retryJitter: 0 };

test('the backoff doubles with each failure, up to the most', () => {
  expect([0, 1, 2, 3, 4, 1000].map((attempt) => backoffMs(marble(attempt), exact))).toEqual([
    100, 200, 400, 800, 1000, 1000,
  ]);
});

test('what the marble says goes before what its worker says', () => {
  expect(backoffMs(marble(1, { retryBaseMs: 7 }), exact)).toBe(14);
  expect(backoffMs(marble(9, { retryMaxMs: 300 }), exact)).toBe(300);
  expect(backoffMs(marble(0, { retryBaseMs: 0 }), exact)).toBe(0);
});

test('jitter spreads the backoff over its share, and no further', () => {
  const all = Array.from({ length: 2000 }, () => backoffMs(marble(0), { ...exact, retryJitter: 0.25 }));
  expect(Math.min(...all)).toBeGreaterThanOrEqual(75);
  expect(Math.min(...all)).toBeLessThan(80);
  expect(Math.max(...all)).toBeLessThanOrEqual(100);
  expect(Math.max(...all)).toBeGreaterThan(95);
});

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
