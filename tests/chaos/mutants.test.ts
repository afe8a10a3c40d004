/** Mutants that changed nothing would prove nothing: the text of each is there exactly once. */
import { readFile, readdir } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { BATCH_MUTANTS } from './batch-mutants.js';
import { DUTY_MUTANTS } from './duty-mutants.js';
import { GONE_MUTANTS } from './gone-mutants.js';
import { LARGE_MUTANTS } from './large-mutants.js';
import { PROGRAM_MUTANTS } from './program-mutants.js';
import { SCRIPT_MUTANTS } from './script-mutants.js';
import { STEP_MUTANTS } from './step-mutants.js';
import { SEND_MUTANTS } from './send-mutants.js';
import { WAKE_MUTANTS } from './wake-mutants.js';

const root = new URL('../../../', import.meta.url);

const ALL = [
  ...SCRIPT_MUTANTS,
  ...STEP_MUTANTS,
  ...PROGRAM_MUTANTS,
  ...BATCH_MUTANTS,
  ...GONE_MUTANTS,
  ...LARGE_MUTANTS,
  ...DUTY_MUTANTS,
  ...SEND_MUTANTS,
  ...WAKE_MUTANTS,
];

test.each(ALL)('$name', async ({ file, from, to }) => {
  const text = await readFile(new URL(file, root), 'utf8');
  expect(text.split(from)).toHaveLength(2);
  expect(to).not.toBe(from);
});

test('tests that are to notice one are there', async () => {
  const folders = ['shared/dist', 'services/monitor/dist', 'tests/dist'].map(async (folder) =>
    (await readdir(new URL(folder, root), { recursive: true })).map((name) => `${folder}/${name}`),
  );
  const files = (await Promise.all(folders)).flat().filter((name) => name.endsWith('.test.js'));
  const named = ALL.flatMap(({ tests }) => (tests === undefined ? [] : [tests]));
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((tests) => !files.some((file) => file.includes(tests)))).toEqual([]);
});
