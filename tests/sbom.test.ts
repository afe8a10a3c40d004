/** The lists of what the images hold can be made, and are true. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { IMAGES, listsOfImages, namesOf, type Bom, type Component, type Image } from './sbom.js';

const run = promisify(execFile);
const root = new URL('../..', import.meta.url).pathname;
const DOCKERFILES = {
  monitor: 'Dockerfile.monitor',
  elevator: 'Dockerfile.elevator',
  worker: 'examples/Dockerfile.worker',
};

interface Read {
  readonly node: string;
  readonly release: string;
  readonly deb: string;
  readonly apk: string;
}
const { componentsOf } = (await import(join(root, 'scripts/os-packages.mjs'))) as {
  componentsOf: (read: Read) => Component[];
};

let lists: Record<Image, Bom>;
beforeAll(async () => {
  lists = await listsOfImages();
}, 120_000);

/**
 * Returns what the workspace of a Dockerfile needs, read from the lock file in another way than the script reads it.
 */
async function needed(image: Image): Promise<Set<string>> {
  const dockerfile = await readFile(join(root, DOCKERFILES[image]), 'utf8');
  const workspace = /--omit=dev .*--workspace (\S+)/.exec(dockerfile)![1]!;
  const { stdout } = await run('npm', ['query', `#${workspace}`, '--package-lock-only'], { cwd: root });
  const [{ dependencies }] = JSON.parse(stdout) as [{ dependencies: Record<string, string> }];
  return new Set([workspace, ...Object.keys(dependencies)]);
}

test.each(IMAGES)('the list of the %s has what its workspace asks for', async (image) => {
  const bom = lists[image];
  expect(bom.bomFormat).toBe('CycloneDX');
  const names = namesOf(bom);
  expect([...(await needed(image))].filter((name) => !names.has(name))).toEqual([]);
  expect(names).toContain('ioredis');
  expect(names.has('fastify')).toBe(image !== 'worker');
  expect(names.has('@fastify/static')).toBe(image === 'monitor');
});

/** Packages for development elsewhere that the Monitor asks Docker with: the second comes with the first. */
const ASKS_DOCKER = ['dockerode', '@types/node'];

test.each(IMAGES)('the list of the %s has nothing for development', async (image) => {
  const root = new URL('../../', import.meta.url);
  const { devDependencies } = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const names = namesOf(lists[image]);
  const others = ['@marblerun/test-support', '@marblerun/tests', 'fast-check', 'dockerode'];
  const found = [...Object.keys(devDependencies), ...others].filter((name) => names.has(name));
  expect(found.sort()).toEqual(image === 'monitor' ? [...ASKS_DOCKER].sort() : []);
});

test('each package is of a version, and those of a registry have a checksum', () => {
  for (const image of IMAGES) {
    for (const { purl, version, hashes } of lists[image].components) {
      expect([purl, version]).toEqual([purl, expect.stringMatching(/^\d+\.\d+\.\d+/)]);
      if (!/npm\/(%40marblerun\/|marblerun)/.test(purl!)) expect([purl, hashes?.length]).toEqual([purl, 1]);
    }
  }
});

describe('what an image holds besides npm packages', () => {
  const debian = `Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc (2.36-9)
Version: 2.36-9+deb12u13
Description: GNU C Library
 The second line of a description: no field

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0

Package: zlib1g
Status: install ok installed
Architecture: amd64
Version: 1:1.2.13.dfsg-1
`;
  const alpine = `C:Q1aBcD=
P:musl
V:1.2.5-r9
A:x86_64
L:MIT
o:musl
F:lib
R:ld-musl-x86_64.so.1

P:libssl3
V:3.3.2-r1
A:x86_64
o:openssl
`;
  const read = { node: '24.1.0', deb: '', apk: '' };

  test('packages of Debian, that are installed, with the source by which Debian tells what is vulnerable', () => {
    const release = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n';
    const [system, node, ...packages] = componentsOf({ ...read, release, deb: debian });
    expect(system).toEqual({ type: 'operating-system', name: 'debian', version: '12' });
    expect(node).toMatchObject({ type: 'platform', name: 'node', version: '24.1.0', purl: 'pkg:generic/node@24.1.0' });
    expect(packages.map(({ purl }) => purl)).toEqual([
      'pkg:deb/debian/libc6@2.36-9%2Bdeb12u13?arch=amd64&distro=debian-12&upstream=glibc',
      'pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?arch=amd64&distro=debian-12&upstream=zlib1g',
    ]);
    expect(packages[1]).toMatchObject({ type: 'library', name: 'zlib1g', version: '1:1.2.13.dfsg-1' });
  });

  test('packages of Alpine', () => {
    const release = 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.21.0\n';
    const [, , ...packages] = componentsOf({ ...read, release, apk: alpine });
    expect(packages.map(({ purl }) => purl)).toEqual([
      'pkg:apk/alpine/musl@1.2.5-r9?arch=x86_64&distro=alpine-3.21.0&upstream=musl',
      'pkg:apk/alpine/libssl3@3.3.2-r1?arch=x86_64&distro=alpine-3.21.0&upstream=openssl',
    ]);
    expect(packages[0]).toMatchObject({ licenses: [{ license: { name: 'MIT' } }] });
  });

  test('an image of which nothing can be told is an error, and no short list', () => {
    expect(() => componentsOf({ ...read, release: 'ID=debian\n' })).toThrow(/has no packages/);
    expect(() => componentsOf({ ...read, release: '', deb: debian })).toThrow(/of which system/);
  });
});
