/** The published packages say the same of themselves, and none is published before it can be found again. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { root } from './project.js';

const PUBLISHED = ['shared', 'shared/service', 'services/monitor', 'services/elevator'];

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly author: string;
  readonly keywords: string[];
  readonly description: string;
  readonly repository?: { readonly url: string; readonly directory: string };
  readonly homepage?: string;
  readonly bugs?: { readonly url: string };
  readonly dependencies: Record<string, string>;
  readonly scripts: Record<string, string>;
}

const manifests = await Promise.all(
  PUBLISHED.map(async (folder) => JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')) as Manifest),
);

test('all have the same version, licence, owner and addresses', () => {
  const shared = manifests.map(({ version, license, author, repository, homepage, bugs }) =>
    JSON.stringify({ version, license, author, repository: repository?.url, homepage, bugs }),
  );
  expect(new Set(shared).size).toBe(1);
});

test('the owner is the one of LICENSE', async () => {
  const licence = await readFile(join(root, 'LICENSE'), 'utf8');
  for (const { name, author } of manifests) expect([name, licence]).toEqual([name, expect.stringContaining(author)]);
});

test('each can be found: it has a description and keywords; an address, where there is one, names its folder', () => {
  for (const [i, { name, description, keywords, repository }] of manifests.entries()) {
    expect([name, description.length > 20, keywords.length >= 3]).toEqual([name, true, true]);
    expect(keywords).toContain(name === 'marblerun' ? 'redis' : 'marblerun');
    if (repository) expect(repository.directory).toBe(PUBLISHED[i]);
  }
});

test('they ask for each other in the version that they have', () => {
  const version = new Map(manifests.map((manifest) => [manifest.name, manifest.version]));
  const asked = manifests.flatMap(({ dependencies }) =>
    Object.entries(dependencies).filter(([name]) => version.has(name)),
  );
  expect(asked.length).toBeGreaterThan(3);
  for (const [name, range] of asked) expect([name, range]).toEqual([name, `^${version.get(name)!}`]);
});

test('nothing of our tests goes out: no file of a package asks for what only they have', async () => {
  const workspaces = manifests.flatMap(({ name }) => ['--workspace', name]);
  const asked = promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--silent', ...workspaces], { cwd: root });
  const packed = Object.values(
    JSON.parse((await asked).stdout) as Record<string, { name: string; files: { path: string }[] }>,
  );
  const folderOf = (name: string) => PUBLISHED[manifests.findIndex((manifest) => manifest.name === name)]!;
  const programs = packed.flatMap(({ name, files }) =>
    files.map(({ path }) => join(folderOf(name), path)).filter((path) => /\.(js|d\.ts)$/.test(path)),
  );
  expect(programs.length).toBeGreaterThan(300);
  const texts = await Promise.all(
    programs.map(async (path) => [path, await readFile(join(root, path), 'utf8')] as const),
  );
  const ofTests = texts.filter(([, text]) => /['"](@jest\/|@marblerun\/test-support|node:test)/.test(text));
  expect(ofTests.map(([path]) => path)).toEqual([]);
});

/** Asks whether a package may be published, with the answer `''` where it may. */
async function refusalOf(cwd: string, args: readonly string[]): Promise<string> {
  const asked = promisify(execFile)('node', args, { cwd });
  return asked.then(
    ({ stdout, stderr }) => stdout + stderr,
    (error: unknown) => (error as { stderr: string }).stderr,
  );
}

const found = {
  ...{ name: 'marblerun', version: '1.2.3' },
  repository: { url: 'git+https://example.test/marblerun.git', directory: 'shared' },
  homepage: 'https://example.test/marblerun',
  bugs: { url: 'https://example.test/marblerun/issues' },
};

test.each<[string, object, RegExp]>([
  ['nothing', {}, /^$/],
  ['a homepage', { homepage: undefined }, /^marblerun cannot be published.*\n {2}homepage, a public address\n$/],
  ['an address for bugs', { bugs: { url: 'nobody@example.test' } }, /\n {2}bugs.url, a public address\n$/],
  ['its folder', { repository: { url: found.repository.url } }, /\n {2}repository.directory, "shared"\n$/],
  ['all of its address', { repository: undefined }, /\n {2}repository.url, a public address\n {2}repository.directory/],
  ['a line in the changelog', { version: '1.2' }, /\n {2}a heading "## \[1.2\]" in CHANGELOG.md\n$/],
])('a package that lacks %s is told so before it is published', async (_, less, told) => {
  const project = await mkdtemp(join(tmpdir(), 'marblerun-release-'));
  await mkdir(join(project, 'shared'));
  await writeFile(join(project, 'CHANGELOG.md'), '# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2030-01-01\n');
  await writeFile(join(project, 'shared/package.json'), JSON.stringify({ ...found, ...less }));
  expect(await refusalOf(join(project, 'shared'), [join(root, 'scripts/may-publish.mjs'), project])).toMatch(told);
});

test.each(PUBLISHED)('%s asks for that when it is published', async (folder) => {
  const { name, repository, scripts } = manifests[PUBLISHED.indexOf(folder)]!;
  const [program, ...args] = scripts['prepublishOnly']!.split(' ');
  expect(program).toBe('node');
  const told = await refusalOf(join(root, folder), args);
  if (!repository) expect(told).toMatch(new RegExp(`^${name} cannot be published`)); // as long as there is no address
  expect(told).not.toContain('Cannot find module');
});
