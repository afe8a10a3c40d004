/**
 * The packed package in each kind of module, bundle, runtime and compiler: it is found, it is typed, and it keeps its
 * lease.
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
import { bundle, installTools, notStarted, toolPath } from './tools.js';

const run = promisify(execFile);
const noTools = await installTools();
const node = process.execPath;
const MODULE = `import { Marble } from 'marblerun';${HELD_UP}`;
const COMMON = `const { Marble } = require('marblerun');${HELD_UP}`;

// This comes before any test begins: tests that run at once do not wait for hooks.
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

const node24 = toolPath('node-24/bin/node');
story('on Node.js 24', noTools || (await notStarted(node24)), () => {
  test.concurrent.each([
    ['a module', ['program.mjs']],
    ['CommonJS', ['program.cjs']],
    ['a module from the command line', ['--input-type=module', '-e', MODULE]],
  ])('%s', async (_, args) => {
    expect((await run(node24, ['--version'])).stdout).toMatch(/^v24\./);
    await expectToHold(node24, args, folder);
  });
});

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
  story(`in ${runtime}`, noTools || (await notStarted(toolPath(`.bin/${runtime}`))), () => {
    test.concurrent.each(['program.mjs', 'program.cjs'])('%s', (file) =>
      expectToHold(toolPath(`.bin/${runtime}`), [...args, file], folder),
    );
  });
}

const root = new URL('../../..', import.meta.url).pathname;
for (const end of ['ts', 'mts', 'cts']) await cp(join(root, 'tests/packages/typed.ts'), join(folder, `typed.${end}`));
await cp(join(root, 'tests/packages/typed-communicator.ts'), join(folder, 'communicator.mts'));
const compilers = {
  '5.0': toolPath('typescript-5.0/bin/tsc'),
  '6.0': createRequire(import.meta.url).resolve('typescript/bin/tsc'),
  '7.0': toolPath('typescript-7/bin/tsc'),
};
/** Resolves with the messages of the compiler. */
async function compiled(version: keyof typeof compilers, ...args: string[]): Promise<unknown> {
  const tsc = compilers[version];
  expect((await run(node, [tsc, '--version'])).stdout).toContain(`Version ${version}`);
  const options = ['--strict', '--noEmit', '--target', 'es2022', ...args];
  return run(node, [tsc, ...options], { cwd: folder }).catch((error: unknown) => error);
}
const BUNDLER = ['--module', 'esnext', '--moduleResolution', 'bundler', 'typed.ts'];
const NODE = ['typed.mts', 'typed.cts'];
/** Options that check declarations too: a program needs neither `skipLibCheck` nor `@types/node`. */
const ALONE = ['--skipLibCheck', 'false', '--typeRoots', 'none'];
const withNode = (version: string) => {
  const types = version === '5.0' ? toolPath('@types') : join(root, 'node_modules/@types');
  return ['--skipLibCheck', '--types', 'node', '--typeRoots', types];
};

story('types', noTools, () => {
  test.concurrent.each([
    ['5.0', 'node16', ['--module', 'node16', ...NODE]],
    ['5.0', 'bundler', BUNDLER],
    ['5.0', 'node10', ['--module', 'commonjs', '--moduleResolution', 'node', 'typed.ts']],
    ['6.0', 'nodenext', ['--module', 'nodenext', ...NODE]],
    ['7.0', 'nodenext', ['--module', 'nodenext', ...NODE]],
    ['7.0', 'bundler', BUNDLER],
  ] as const)('TypeScript %s, %s, without a type of Node.js', async (version, _, args) => {
    expect(await compiled(version, ...ALONE, ...args)).toMatchObject({ stdout: '' });
  });

  test.concurrent.each(['5.0', '7.0'] as const)('TypeScript %s, with the types of Node.js', async (version) => {
    const modules = ['--module', version === '5.0' ? 'node16' : 'nodenext', ...NODE, 'communicator.mts'];
    expect(await compiled(version, ...withNode(version), ...modules)).toMatchObject({ stdout: '' });
  });

  test('what is an error is said', async () => {
    await writeFile(
      join(folder, 'wrong.mts'),
      "import { Marble } from 'marblerun';\nnew Marble<{ q: 1 }>().wait('p');\n",
    );
    const said = await compiled('7.0', ...ALONE, '--module', 'nodenext', 'wrong.mts');
    expect(said).toMatchObject({
      stdout: expect.stringContaining(`'"p"' is not assignable to parameter of type '"q"`),
    });
  });
});
