/** Mutants that changed nothing would prove nothing: the text of each is there exactly once. */
import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { BATCH_MUTANTS } from './batch-mutants.js';
import { GONE_MUTANTS } from './gone-mutants.js';
import { PROGRAM_MUTANTS } from './program-mutants.js';
import { SCRIPT_MUTANTS } from './script-mutants.js';

const root = new URL('../../../', import.meta.url);

test.each([...SCRIPT_MUTANTS, ...PROGRAM_MUTANTS, ...BATCH_MUTANTS, ...GONE_MUTANTS])(
  '$name',
  async ({ file, from, to }) => {
    const text = await readFile(new URL(file, root), 'utf8');
    expect(text.split(from)).toHaveLength(2);
    expect(to).not.toBe(from);
  },
);
