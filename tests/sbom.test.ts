/** The lists of what the images hold can be made, and are true. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';
import { IMAGES, listsOfImages, namesOf, type Bom, type Image } from './sbom.js';

const run = promisify(execFile);
const root = new URL('../..', import.meta.url).pathname;
const DOCKERFILES = {
  monitor: 'Dockerfile.monitor',
  elevator: 'Dockerfile.elevator',
  worker: 'examples/Dockerfile.worker',
};

let lists: Record<Image, Bom>;
beforeAll(async () => {
  lists = await listsOfImages();
}, 120_000);

/** What the workspace of a Dockerfile needs, by the lock file: read from it here in another way. */
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

test.each(IMAGES)('the list of the %s has nothing for development', async (image) => {
  const root = new URL('../../', import.meta.url);
  const { devDependencies } = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const names = namesOf(lists[image]);
  const forbidden = [
    ...Object.keys(devDependencies),
    '@marblerun/test-support',
    '@marblerun/tests',
    'fast-check',
    'dockerode',
  ];
  expect(forbidden.filter((name) => names.has(name))).toEqual([]);
});

test('each package is of a version, and those of a registry have a checksum', () => {
  for (const image of IMAGES) {
    for (const { purl, version, hashes } of lists[image].components) {
      expect([purl, version]).toEqual([purl, expect.stringMatching(/^\d+\.\d+\.\d+/)]);
      if (!/npm\/(%40marblerun\/|marblerun)/.test(purl)) expect([purl, hashes?.length]).toEqual([purl, 1]);
    }
  }
});
