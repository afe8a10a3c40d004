/**
 * The README, followed word for word. The package is packed and installed into an empty folder elsewhere; the README's
 * code is compiled there in strict mode and run as it stands.
 */
import { execFile } from 'node:child_process';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { Program, freshBus, until, type Bus } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { Communicator } from 'marblerun/communicator';
import { installPacked } from './packages/installed.js';

const run = promisify(execFile);
const root = new URL('../..', import.meta.url).pathname;
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const { folder, remove } = await installPacked('marblerun');
afterAll(() => remove());

const shown = async (document: string) => {
  const text = await readFile(join(root, document), 'utf8');
  return [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code]) => code!);
};
const TWO_LINES = `import { Marble } from 'marblerun';\nconst marble = new Marble();\nawait marble.send('q', 1);\n`;

const [worker, sender, loop, ...others] = await shown('README.md');
const programs = {
  'loop.ts': loop!,
  'worker.ts': worker!,
  'sender.ts': sender!,
  'data.ts': (await shown('docs/DATA.md')).join(''),
  'redis.ts': (await shown('docs/REDIS.md')).join(''),
  'two-lines.ts': TWO_LINES,
};
for (const [name, code] of Object.entries(programs)) await writeFile(join(folder, name), code);
const types = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node'];
const strict = ['--strict', '--module', 'nodenext', '--target', 'es2023', ...types];
const said = await run(process.execPath, [tsc, ...strict, ...Object.keys(programs)], { cwd: folder }).catch(
  (error: unknown) => error,
);

let bus: Bus;
let peek: Communicator;
let marble: Marble;
let started: Program | undefined;
beforeEach(() => {
  bus = freshBus();
  peek = new Communicator(bus);
  marble = new Marble(bus);
});
afterEach(async () => {
  await started?.kill();
  await Promise.all([marble.close(), peek.close()]);
});
const start = (file: string) => {
  const env = { MARBLERUN_REDIS: bus.redis, MARBLERUN_RUN: bus.run };
  return (started = new Program(join(folder, file), { cwd: folder, env }));
};
const counts = async (name: string) => {
  const { depth = 0, held = 0, counts } = (await peek.show()).find(({ queue }) => queue === name) ?? {};
  return { depth, held, finished: counts?.finished ?? 0 };
};

test('a worker installs ioredis and next to nothing more', async () => {
  const { stdout } = await run('npm', ['ls', '--json', '--depth', '1'], { cwd: folder });
  const tree = JSON.parse(stdout) as { dependencies: { marblerun: { dependencies: object } } };
  expect(Object.keys(tree.dependencies.marblerun.dependencies).sort()).toEqual(['fastest-levenshtein', 'ioredis']);
  const installed = await readdir(join(folder, 'node_modules'));
  expect(installed.filter((name) => /fastify|pino|prom-client|zod/.test(name))).toEqual([]);
  expect(installed.length).toBeLessThan(20);
});

test('the package holds what runs and its types, and no tests', async () => {
  const files = await readdir(join(folder, 'node_modules/marblerun'), { recursive: true });
  expect(files).toEqual(
    expect.arrayContaining(['README.md', 'LICENSE', 'dist/marble/index.d.ts', 'communicator/lua/swap.lua']),
  );
  expect(files.filter((file) => /\.test\.|\.map$|(?<!\.d)\.ts$/.test(file))).toEqual([]);
});

test('what the README and the pages on data and Redis show compiles in strict mode', () => {
  expect(others).toEqual([]);
  expect(said).toMatchObject({ stdout: '' });
});

test('the loop of the README runs; idle, SIGTERM ends it in order', async () => {
  await marble.send('test-monitored', 'Test Data: 1');
  await marble.send('test-monitored', 'Test Data: 3');
  const program = start('loop.js');
  await until('all is finished', async () => (await counts('test-monitored')).finished === 4);
  expect(program.lines).toEqual([
    'Test Data: 1',
    'Test Data: 3',
    'This data is at the front of the queue!',
    'This data is at the back of the queue!',
  ]);
  await until('it waits', async () => (await peek.status.holderCount()) === 1);
  expect(program.running).toBe(true);
  program.signal('SIGTERM');
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect([program.errors, await peek.status.holderCount()]).toEqual([[], 0]);
});

test('the loop of the README, busy: SIGTERM ends it with the marble in hand, and all others are as they were', async () => {
  const n = 20_000;
  await marble.sendMany('test-monitored', Array(n).keys());
  const program = start('loop.js');
  await until('it is at work', () => program.lines.length > 100);
  program.signal('SIGTERM');
  expect(await program.exited).toEqual({ code: 0, signal: null });
  const { depth, held, finished } = await counts('test-monitored');
  expect(finished).toBeGreaterThan(100);
  expect(depth).toBeGreaterThan(0);
  expect([depth + finished, held, program.lines.length]).toEqual([n, 0, finished]);
  expect((await peek.dump('test-monitored', 0, 10)).map(({ attempt }) => attempt)).toEqual(Array(10).fill(0));
  expect([program.errors, await peek.status.holderCount()]).toEqual([[], 0]);
});

test('the sender and the worker of the README run, and SIGTERM ends the worker in order', async () => {
  expect(await start('sender.js').exited).toEqual({ code: 0, signal: null });
  const { depth } = await counts('files');
  expect(depth).toBeGreaterThan(10);
  const program = start('worker.js');
  await until('all files are done', async () => (await counts('files')).finished === depth);
  program.signal('SIGTERM');
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect([program.errors, await peek.status.holderCount()]).toEqual([[], 0]);
});

test('a script of two lines ends by itself', async () => {
  const program = start('two-lines.js');
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect([program.lines, program.errors]).toEqual([[], []]);
  expect(await peek.dump('q')).toHaveLength(1);
});
