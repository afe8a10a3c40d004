/** Links of the documents lead somewhere, here and in the package, and README leads to every document. */
import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';
import { anchorsOf, documents, linksOf, root, type Link } from './project.js';

const run = promisify(execFile);
/** The packages that are published, with their folders. */
const PACKAGES = new Map([
  ['marblerun', 'shared'],
  ['@marblerun/service', 'shared/service'],
  ['@marblerun/monitor', 'services/monitor'],
  ['@marblerun/elevator', 'services/elevator'],
]);
const texts = new Map<string, string>();
let links: Link[];
beforeAll(async () => {
  for (const document of await documents()) texts.set(document, await readFile(join(root, document), 'utf8'));
  links = [...texts].flatMap(([document, text]) => linksOf(document, text));
});

test('every link leads to a file that is there, and to a heading that it has', async () => {
  expect(links.length).toBeGreaterThan(90);
  const broken: Link[] = [];
  for (const link of links) {
    const there = await stat(join(root, link.to)).then(Boolean, () => false);
    const headed = link.heading === undefined || anchorsOf(texts.get(link.to) ?? '').includes(link.heading);
    if (!there || !headed) broken.push(link);
  }
  expect(broken).toEqual([]);
});

test('README leads to every document of the project', () => {
  const linked = links.filter(({ from }) => from === 'README.md').map(({ to }) => to);
  const own = [...texts.keys()].filter((name) => /^(docs\/[^/]+|[A-Z]+)\.md$/.test(name) && name !== 'README.md');
  expect(own.length).toBeGreaterThan(15);
  expect(own.filter((name) => !linked.includes(name))).toEqual([]);
});

test('in each package every link leads to a file of it, and README has lost none to its documents', async () => {
  const workspaces = [...PACKAGES.keys()].flatMap((name) => ['--workspace', name]);
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--silent', ...workspaces], { cwd: root });
  const packed = Object.values(JSON.parse(stdout) as Record<string, { name: string; files: { path: string }[] }>);
  expect(packed.map(({ name }) => name).sort()).toEqual([...PACKAGES.keys()].sort());
  for (const { name, files } of packed) {
    const paths = new Set(files.map(({ path }) => path));
    const inPackage = [...paths].filter((path) => path.endsWith('.md'));
    expect(inPackage).toContain('README.md');
    const all: Link[] = [];
    for (const path of inPackage)
      all.push(...linksOf(path, await readFile(join(root, PACKAGES.get(name)!, path), 'utf8')));
    expect(all.filter(({ to }) => !paths.has(to))).toEqual([]);
    const ofReadme = all.filter(({ from }) => from === 'README.md').map(({ to }) => to);
    expect(ofReadme).toEqual(expect.arrayContaining(inPackage.filter((path) => /^docs\/[A-Z-]+\.md$/.test(path))));
  }
});
