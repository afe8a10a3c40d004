/** Each decision has its four parts: context, choice, price, and what was rejected. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { root } from './project.js';

const folder = join(root, 'docs/decisions');
const files = (await readdir(folder)).filter((name) => name !== 'README.md');

test('there are decisions', () => expect(files.length).toBeGreaterThan(20));

test.each(files)('%s has its four paragraphs, in this order', async (name) => {
  const text = await readFile(join(folder, name), 'utf8');
  const heads = [...text.matchAll(/^\*\*(\w+)\.\*\* \S/gm)].map(([, head]) => head);
  expect([text.startsWith('# '), heads]).toEqual([true, ['Context', 'Choice', 'Price', 'Rejected']]);
});
