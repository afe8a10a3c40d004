import { expect, test } from '@jest/globals';
import type { Header } from '../communicator/data/header.js';
import { backoffMs } from './retry.js';

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
