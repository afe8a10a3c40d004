import { expect, test } from '@jest/globals';
import { bulk } from './bulk.js';

test.each([
  ['', '$0\r\n\r\n'],
  ['get', '$3\r\nget\r\n'],
  ['ü\r\n', '$4\r\nü\r\n\r\n'],
])('the length of %j is in bytes', (text, written) => {
  expect(bulk(text)).toBe(written);
});
