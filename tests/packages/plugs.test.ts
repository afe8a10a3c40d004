/**
 * The packed package in each kind of module, bundle, runtime and compiler: it is found, typed, and keeps its lease.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';
import { story } from '../story.js';
import { HELD_UP, expectToHold, installPacked } from './installed.js';
import { bundle, installTools, missing, toolPath } from './tools.js';

const run = promisify(execFile);
const noTools = await installTools();
const node = process.execPath;
const MODULE = `import { Marble } from 'marblerun';${HELD_UP}`;
const COMMON = `const { Marble } = require('marblerun');${HELD_UP}`;

// Before any test is begun: those that run at once do not wait for hooks.
const { folder, remove } = await installPacked('marblerun');
await writeFile(join(folder, 'program.mjs'), MODULE);
await writeFile(join(folder, 'program.cjs'), COMMON);
afterAll(() => remove());

test.concurrent.each([
  ['a module', ['program.mjs']],
  ['CommonJS', ['program.cjs']],
  ['a module from the command line', ['--input-type=module', '-e', MODULE]],
  ['CommonJS from the command line', ['-e', COMMON]],
  ['a program with flags that a thread refuses', ['--stack-size=2000', '--use-bundled-ca', 'program.mjs']],
  ['a program that is preloaded', ['--import', './program.mjs', '-e', '0']],
])('%s has its scripts and its heartbeat', (_, args) => expectToHold(node, args, folder));

story('bundles that are taken elsewhere', noTools, () => {
  test.concurrent.each([
    ['esbuild to a module', 'program.mjs'],
    ['esbuild to CommonJS, minified', 'program.cjs'],
    ['webpack', 'program.mjs'],
    ['vite', 'program.mjs'],
    ['rollup', 'program.mjs'],
  ])('%s', async (bundler, entry) => {
    const place = await mkdtemp(join(tmpdir(), 'marblerun-bundle-'));
    const [source, out] = [join(place, 'source'), join(place, 'out')];
    await cp(folder, source, { recursive: true });
    await mkdir(out);
    await run(node, [bundle, bundler, join(source, entry), out], { cwd: source });
    await rm(source, { recursive: true }); // a bundle may know where its files were
    const [main] = (await readdir(out)).filter((name) => /^main\.[cm]js$/.test(name));
    await expectToHold(node, [join(out, main!)], out);
    await rm(place, { recursive: true });
  });
});

for (const [runtime, ...args] of [['bun'], ['deno', 'run', '--allow-all']] as const) {
  story(`in ${runtime}`, noTools || (await missing(runtime)), () => {
    test.concurrent.each(['program.mjs', 'program.cjs'])('%s', (file) =>
      expectToHold(toolPath(`.bin/${runtime}`), [...args, file], folder),
    );
  });
}

const TYPED = `
import { Marble, isMarbleRunError, type Handler } from 'marblerun';
import { Communicator } from 'marblerun/communicator';
import { fakeMarble, testRun } from 'marblerun/testing';

interface Queues { q: { n: number } }
const marble = new Marble<Queues>();
export const found: Promise<{ n: number }> = marble.wait('q');
// @ts-expect-error the data of this queue are no text
export const text: Promise<string> = marble.wait('q');
// @ts-expect-error there is no such queue
export const none = marble.wait('p');
export const handler: Handler<{ n: number }> = ({ n }, held) => held.send('q', n);
export const tried = handler({ n: 1 }, fakeMarble({ n: 1 }));
export const settled: Promise<void> = testRun().settle();
export const sweep = new Communicator().recovery.sweep(5);
export const code = (error: unknown) => (isMarbleRunError(error) ? error.code : undefined);
`;
for (const file of ['typed.ts', 'typed.mts', 'typed.cts']) await writeFile(join(folder, file), TYPED);
const root = new URL('../../..', import.meta.url).pathname;
const current = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const old = toolPath('typescript-5.0/bin/tsc');
const native = toolPath('typescript-7/bin/tsc');
const BUNDLER = ['--module', 'esnext', '--moduleResolution', 'bundler', 'typed.ts'];
const NODE = ['typed.mts', 'typed.cts'];
story('types', noTools, () => {
  test.concurrent.each([
    ['5.0', 'node16', old, ['--module', 'node16', ...NODE]],
    ['5.0', 'bundler', old, BUNDLER],
    ['5.0', 'node10', old, ['--module', 'commonjs', '--moduleResolution', 'node', 'typed.ts']],
    ['6.0', 'nodenext', current, ['--module', 'nodenext', ...NODE]],
    ['7.0', 'nodenext', native, ['--module', 'nodenext', ...NODE]],
    ['7.0', 'bundler', native, BUNDLER],
  ])('TypeScript %s, %s', async (version, _, tsc, args) => {
    expect((await run(node, [tsc, '--version'])).stdout).toContain(`Version ${version}`);
    const types = version === '5.0' ? toolPath('@types') : join(root, 'node_modules/@types');
    const options = ['--strict', '--noEmit', '--target', 'es2022', '--skipLibCheck', '--types', 'node', '--typeRoots'];
    const said = await run(node, [tsc, ...options, types, ...args], { cwd: folder }).catch((error: unknown) => error);
    expect(said).toMatchObject({ stdout: '' });
  });
});
