/**
 * The tests shown in docs/TESTING.md run word for word, each with its runner, on the packed package; and each ends by
 * itself.
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';
import { sharedRedis } from '@marblerun/test-support';
import { story } from '../story.js';
import { installPacked } from './installed.js';
import { installTools, toolPath } from './tools.js';

const run = promisify(execFile);
const node = process.execPath;
const root = new URL('../../..', import.meta.url).pathname;
const jest = join(root, 'node_modules/jest/bin/jest.js');
const noTools = await installTools();

const { folder, remove } = await installPacked('marblerun');
afterAll(() => remove());
const text = await readFile(join(root, 'docs/TESTING.md'), 'utf8');
const shown = new Map([...text.matchAll(/^```js\n\/\/ (\S+)\n([^]*?)^```$/gm)].map(([, name, code]) => [name!, code!]));
for (const [name, code] of shown) await writeFile(join(folder, name), code);
const modules = shown.get('greet.jest.test.cjs')!.replace(/const (.*) = require\((.*)\);/, 'import $1 from $2;');
await writeFile(join(folder, 'greet.jest.test.mjs'), modules);
const config = { testEnvironment: 'node', transform: {}, testMatch: ['**/greet.jest.test.*'] };
await writeFile(
  join(folder, 'jest.config.json'),
  JSON.stringify({ ...config, moduleFileExtensions: ['js', 'mjs', 'cjs', 'json'] }),
);

/** Resolves with everything that a program said which ended by itself, without an error. */
async function said(...args: string[]): Promise<string> {
  const env = { ...process.env, MARBLERUN_REDIS: sharedRedis(), NODE_OPTIONS: '', NO_COLOR: '1' };
  const { stdout, stderr } = await run(node, args, { cwd: folder, env, timeout: 60_000 });
  return stdout + stderr;
}

test('every runner is shown', () => expect([...shown.keys()]).toHaveLength(4));

test.concurrent('node:test', async () => {
  expect(await said('--test', 'greet.node.test.js')).toMatch(/pass 2\n.*fail 0\n/);
});

test.concurrent('Jest, CommonJS', async () => {
  expect(await said(jest, '--detectOpenHandles', 'greet.jest.test.cjs')).toMatch(/Tests: +1 passed, 1 total/);
});

test.concurrent('Jest, modules', async () => {
  const told = await said('--experimental-vm-modules', jest, 'greet.jest.test.mjs');
  expect(told).toMatch(/Tests: +1 passed, 1 total/);
  expect(told).not.toContain('did not exit');
});

story('with Vitest', noTools, () => {
  test('Vitest', async () => {
    expect(await said(toolPath('vitest/vitest.mjs'), 'run', 'greet.vitest.test.js')).toMatch(/Tests +1 passed/);
  });
});
