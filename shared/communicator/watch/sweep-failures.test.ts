import { expect, test } from '@jest/globals';
import { MarbleRunError, type ErrorCode } from '../../errors.js';
import { SweepFailures } from './sweep-failures.js';

const fails = (code: ErrorCode, text: string) => () => Promise.reject(new MarbleRunError(code, text));
const told = (failures: SweepFailures): Error | undefined => {
  try {
    failures.tell();
  } catch (error) {
    return error as Error;
  }
  return undefined;
};

test('where nothing fails, nothing is told', async () => {
  const failures = new SweepFailures();
  expect(await failures.attempt('a holder', () => Promise.resolve(7))).toBe(true);
  expect(told(failures)).toBeUndefined();
});

test.each<ErrorCode>(['MR_REDIS_WRONG_TYPE', 'MR_REDIS_REPLY', 'MR_REDIS_AUTH'])(
  'a failure of one (%s) does not stop the others, and is told with what it was about',
  async (code) => {
    const failures = new SweepFailures();
    expect(await failures.attempt('holder a', fails(code, 'its key is a string'))).toBe(false);
    expect(await failures.attempt('holder b', () => Promise.resolve())).toBe(true);
    const error = told(failures);
    expect(error).toMatchObject({ code, message: `holder a: its key is a string (${code})` });
    expect(error?.cause).toMatchObject({ code });
  },
);

test('several failures are told together, with the code of the first', async () => {
  const failures = new SweepFailures();
  await failures.attempt('holder a', fails('MR_REDIS_WRONG_TYPE', 'one'));
  await failures.attempt('holder b', fails('MR_REDIS_REPLY', 'two'));
  expect(told(failures)).toMatchObject({
    code: 'MR_REDIS_WRONG_TYPE',
    message:
      '2 could not be brought back: holder a: one (MR_REDIS_WRONG_TYPE); holder b: two (MR_REDIS_REPLY) (MR_REDIS_WRONG_TYPE)',
  });
});

test('of very many, twenty are told, and how many there were', async () => {
  const failures = new SweepFailures();
  for (let i = 1; i <= 50; i++) await failures.attempt(`holder ${i}`, fails('MR_REDIS_REPLY', 'x'));
  const error = told(failures)!;
  expect(error.message).toMatch(/^50 could not be brought back: holder 1: x .*holder 20: x .*; …/);
  expect(error.message).not.toContain('holder 21');
  expect((error.cause as AggregateError).errors).toHaveLength(50);
});

test.each([
  ['Redis is away', new MarbleRunError('MR_REDIS_UNAVAILABLE', 'no answer')],
  ['a fault of ours', new TypeError('x is undefined')],
])('what would hit all ends the turn at once: %s', async (_, error) => {
  const failures = new SweepFailures();
  await expect(failures.attempt('holder a', () => Promise.reject(error))).rejects.toBe(error);
  expect(told(failures)).toBeUndefined();
});
