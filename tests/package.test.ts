/**
 * The published package: packed, installed into an empty folder elsewhere, type-checked and run there.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Program, freshBus, until } from '@marblerun/test-support';
import { Communicator } from 'marblerun/communicator';

const run = promisify(execFile);
const root = new URL('../..', import.meta.url).pathname;
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const SCRIPT = `
import { Marble, isMarbleRunError } from 'marblerun';

interface Queues { 'test-monitored': string }
const marble = new Marble<Queues>();
await marble.send('test-monitored', 'Test Data: 3');
for (let n = 0; n < 3; n++) {
  const data: string = await marble.wait('test-monitored');
  console.log(data);
  if (data === 'Test Data: 1') await marble.elevate('test-monitored', 'sending this to a higher run!');
  if (data === 'Test Data: 3') {
    await marble.send('test-monitored', 'This data is at the back of the queue!');
    await marble.expedite('test-monitored', 'This data is at the front of the queue!');
  }
  await marble.finish();
}
try {
  await marble.finish();
} catch (error) {
  console.log(isMarbleRunError(error) ? error.code : error);
}
await marble.close();
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marblerun-package-'));
  await run('npm', ['pack', '--silent', '--workspace', 'marblerun', '--pack-destination', folder], { cwd: root });
  const [tarball] = await readdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  await run('npm', ['install', '--no-audit', '--no-fund', '--silent', `./${tarball}`], { cwd: folder });
}, 180_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

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

test('the loop of the README compiles with its types and runs', async () => {
  await writeFile(join(folder, 'loop.ts'), SCRIPT);
  const types = join(root, 'node_modules/@types');
  const options = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--typeRoots', types, '--types', 'node'];
  await run(process.execPath, [tsc, ...options, 'loop.ts'], { cwd: folder });
  const bus = freshBus();
  const program = new Program(join(folder, 'loop.js'), {
    cwd: folder,
    env: { MARBLERUN_REDIS: bus.redis, MARBLERUN_RUN: bus.run },
  });
  expect(await program.exited).toMatchObject({ code: 0 });
  expect(program.lines).toEqual([
    'Test Data: 3',
    'This data is at the front of the queue!',
    'This data is at the back of the queue!',
    'MR_NOTHING_HELD',
  ]);
  const peek = new Communicator(bus);
  await until('all is finished', async () => (await peek.show())[0]?.counts.finished === 3);
  await peek.close();
}, 120_000);
