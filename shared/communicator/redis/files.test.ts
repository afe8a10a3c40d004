import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { fileWithTrouble } from './files.js';

function troubleOf(path: string): string {
  try {
    readFileSync(path);
  } catch (error) {
    return fileWithTrouble(path, error);
  }
  return 'read';
}

test.each([
  ['/none/secret', 'the file "/none/secret" (ENOENT)'],
  ['./none', 'the file "./none" (ENOENT)'],
  ['/', 'the file "/" (EISDIR)'],
])('%s', (path, told) => expect(troubleOf(path)).toBe(told));

test.each([['hunter2'], ['-----BEGIN PRIVATE KEY-----'], ['/hunter2\nhunter2'], [`/${'hunter2'.repeat(50)}`]])(
  'what may be a secret in the place of a path is not shown: %j',
  (path) => {
    expect(troubleOf(path)).toMatch(/^the file that was named \((ENOENT|ENAMETOOLONG)\)$/);
  },
);

test('an error without a code says so much', () => {
  expect(fileWithTrouble('/a', new Error('/a'))).toBe('the file "/a" (not readable)');
});
