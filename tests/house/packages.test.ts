/** The published packages say the same of themselves. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
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
