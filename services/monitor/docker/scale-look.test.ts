import { expect, test } from '@jest/globals';
import { livedMs } from './scale-look.js';

test.each([
  ['ran for a while', '2026-11-30T05:39:01.000000001Z', '2026-11-30T05:39:03.500000000Z', 2500],
  ['ended before its start was noted', '2026-11-30T05:39:01.002Z', '2026-11-30T05:39:01.001Z', 0],
  ['never came to run', '2026-11-30T05:39:01.002Z', '0001-01-01T00:00:00Z', 0],
])('a container that %s', (_, StartedAt, FinishedAt, lived) => {
  expect(livedMs({ StartedAt, FinishedAt })).toBe(lived);
});
