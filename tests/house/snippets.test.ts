/**
 * Code in the documents can be used as it stands: TypeScript and JavaScript compile strictly and run, the programs that
 * read settings accept them, and commands name targets and files that exist. packages/runners.test.ts runs
 * docs/TESTING.md.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readConfig } from '@marblerun/elevator';
import { Program, freshBus, sharedRedis, until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { parseRedis } from 'marblerun/communicator';
import { documents, makeTargets, root } from './project.js';
import { blocks, compile, type Block, type Compiled } from './snippets.js';

const all = (await blocks()).filter(({ document }) => document !== 'docs/TESTING.md');
const code = all.filter(({ language }) => language === 'ts' || language === 'js');
const shell = all.filter(({ language }) => language === 'sh');

let compiled: Compiled;
let folder: string;
beforeAll(async () => {
  compiled = await compile(code, (text) => text.replaceAll('redis://localhost:6379', sharedRedis()));
  folder = await mkdtemp(join(tmpdir(), 'marblerun-snippets-'));
});
afterAll(async () => {
  await compiled.remove();
  await rm(folder, { recursive: true, force: true });
});

test('all of them compile strictly against what is built', () => {
  expect(code.length).toBeGreaterThan(7);
  expect(compiled.mistakes).toEqual([]);
});

const nameOf = ({ document, number }: Block) => `${document}, block ${number}`;
const README = code.filter(({ document }) => document === 'README.md');
const short = code.filter(({ document }) => document !== 'README.md');

test.each(short.map((block) => [nameOf(block), block] as const))('%s runs and ends by itself', async (_, block) => {
  const bus = freshBus();
  const env = {
    MARBLERUN_REDIS: bus.redis,
    MARBLERUN_RUN: bus.run,
    DATA_KEY: createHash('sha256').update('a key').digest('base64'),
  };
  const program = new Program(compiled.programOf(block.document, block.number), { env });
  expect({ ...(await program.exited), errors: program.errors }).toMatchObject({ code: 0, errors: [] });
});

test('README: what its sender sends its worker hashes, and both end in order', async () => {
  const [worker, sender] = README;
  for (const name of ['one', 'two']) await writeFile(join(folder, name), name);
  const bus = freshBus();
  const env = { MARBLERUN_REDIS: bus.redis, MARBLERUN_RUN: bus.run };
  const sending = new Program(compiled.programOf('README.md', sender!.number), { env, args: [folder] });
  expect(await sending.exited).toMatchObject({ code: 0 });
  expect(sending.lines).toEqual(['2 files sent']);
  const working = new Program(compiled.programOf('README.md', worker!.number), { env });
  const marble = new Marble<{ sums: { path: string; sum: string } }>(bus);
  const sums = new Map<string, string>();
  while (sums.size < 2) {
    const { path, sum } = await marble.wait('sums');
    sums.set(path, sum);
    await marble.finish();
  }
  for (const name of ['one', 'two'])
    expect(sums.get(join(folder, name))).toBe(createHash('sha256').update(name).digest('hex'));
  working.signal('SIGTERM');
  expect(await working.exited).toEqual({ code: 0, signal: null });
  const { queues } = await marble.status();
  expect(queues.map(({ queue, depth, held }) => [queue, depth, held]).sort()).toEqual([
    ['files', 0, 0],
    ['sums', 0, 0],
  ]);
  await marble.close();
});

test('README: the loop shows its marbles in order and ends at SIGTERM', async () => {
  const bus = freshBus();
  const marble = new Marble(bus);
  await marble.send('test-monitored', 'Test Data: 3');
  const env = { MARBLERUN_REDIS: bus.redis, MARBLERUN_RUN: bus.run };
  const loop = new Program(compiled.programOf('README.md', README.at(-1)!.number), { env });
  await until('all three are shown', () => loop.lines.length >= 3);
  loop.signal('SIGTERM');
  expect(await loop.exited).toEqual({ code: 0, signal: null });
  expect(loop.lines).toEqual([
    'Test Data: 3',
    'This data is at the front of the queue!',
    'This data is at the back of the queue!',
  ]);
  await marble.close();
});

test('settings that are shown are taken by what reads them', () => {
  const lanes = all.filter(({ language }) => language === 'json').map((block) => block.code);
  expect(lanes.length).toBeGreaterThan(0);
  for (const text of lanes) expect(readConfig({ MARBLERUN_LANES: text }).lanes.length).toBeGreaterThan(0);
  const forms = shell.flatMap((block) =>
    [...block.code.matchAll(/^MARBLERUN_REDIS='(.*)'$/gm)].map(([, form]) => form!),
  );
  expect(forms.length).toBeGreaterThan(1);
  for (const form of forms) expect(() => parseRedis(form, 'MARBLERUN_REDIS')).not.toThrow();
});

/** Finds the words of commands that are paths of this project, and the targets that `make` is called with. */
function namedIn(text: string, folders: readonly string[]) {
  const paths = [...text.matchAll(/(?<![\w/.-])([\w.-]+\/[\w./-]*)/g)].map(([, path]) => path!);
  const targets = [...text.matchAll(/(?:^|[`;&(\s])make(?: [A-Z_]+=\S+)* ([a-z][a-z-]+)/gm)].map(
    ([, target]) => target!,
  );
  return { paths: paths.filter((path) => folders.includes(path.split('/')[0]!)), targets };
}

const FOLDERS = [
  'bench',
  'deploy',
  'docs',
  'examples',
  'k8s',
  'observability',
  'scripts',
  'services',
  'shared',
  'tests',
];

test('commands name files and targets that are there', async () => {
  const missing: string[] = [];
  const known = await makeTargets();
  let seen = 0;
  for (const block of shell) {
    const { paths, targets } = namedIn(block.code, FOLDERS);
    seen += paths.length + targets.length;
    for (const path of paths)
      if (!(await stat(join(root, path)).catch(() => undefined))) missing.push(`${nameOf(block)}: ${path}`);
    for (const target of targets) if (!known.includes(target)) missing.push(`${nameOf(block)}: make ${target}`);
  }
  expect(seen).toBeGreaterThan(10);
  expect(missing).toEqual([]);
});

test('chores that the text names are targets of the Makefile or scripts of package.json', async () => {
  const known = await makeTargets();
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: object };
  const wrong: string[] = [];
  let seen = 0;
  for (const document of await documents()) {
    const text = await readFile(join(root, document), 'utf8');
    for (const [, target] of text.matchAll(/`(?:[A-Z_]+=\S+ )*make ([a-z][a-z-]*)/g)) {
      seen++;
      if (!known.includes(target!)) wrong.push(`${document}: make ${target!}`);
    }
    for (const [, script] of text.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)) {
      seen++;
      if (!(script! in scripts)) wrong.push(`${document}: npm run ${script!}`);
    }
  }
  expect(seen).toBeGreaterThan(15);
  expect(wrong).toEqual([]);
});

test('figures of the comparison in README are those of docs/BENCHMARKS.md', async () => {
  const table = (await readFile(join(root, 'README.md'), 'utf8')).split('## Why not')[1]!.split('\n## ')[0]!;
  const figures = table.match(/\b\d+(?:[.,]\d+)+\b/g) ?? [];
  const measured = await readFile(join(root, 'docs/BENCHMARKS.md'), 'utf8');
  expect(figures.length).toBeGreaterThan(2);
  for (const figure of figures) expect(measured).toMatch(new RegExp(`[ (]${figure.replace('.', '\\.')}[ ,]`));
});
