import { expect, test } from '@jest/globals';
import { batchClosed } from './batch-errors.js';

test.each([
  ['unknown', 'MR_NOT_FOUND', /forgotten, or this Redis has lost it/],
  ['complete', 'MR_BATCH_CLOSED', /it is complete/],
  ['cancelled', 'MR_BATCH_CLOSED', /it is cancelled/],
  ['sealed', 'MR_BATCH_CLOSED', /only its own marbles may send to it/],
] as const)('%s: %s, with the batch and what that means', (why, code, meaning) => {
  const error = batchClosed(['7x', why]);
  expect([error.code, error.message]).toEqual([code, expect.stringMatching(/^batch 7x: /)]);
  expect(error.message).toMatch(meaning);
});
