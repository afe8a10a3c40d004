/** The lists of what the images hold can be made, and are true. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const run = promisify(execFile);
const root = new URL('../..', import.meta.url).pathname;
const DOCKERFILES = {
  monitor: 'Dockerfile.monitor',
  elevator: 'Dockerfile.elevator',
  worker: 'examples/Dockerfile.worker',
};
type Image = keyof typeof DOCKERFILES;

interface Bom {
  bomFormat: string;
  components: { name: string; version: string; purl: string; hashes?: object[] }[];
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marblerun-bom-'));
  await run(process.execPath, ['scripts/sbom.mjs', folder], { cwd: root });
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const bomOf = async (image: Image) => JSON.parse(await readFile(join(folder, `${image}.cdx.json`), 'utf8')) as Bom;
const namesOf = ({ components }: Bom) =>
  new Set(components.map(({ purl }) => decodeURIComponent(/npm\/(.*)@/.exec(purl)![1]!)));

/** What the workspace of a Dockerfile needs, by the lock file: read from it here in another way. */
async function needed(image: Image): Promise<Set<string>> {
  const dockerfile = await readFile(join(root, DOCKERFILES[image]), 'utf8');
  const workspace = /--omit=dev .*--workspace (\S+)/.exec(dockerfile)![1]!;
  const { stdout } = await run('npm', ['query', `#${workspace}`, '--package-lock-only'], { cwd: root });
  const [{ dependencies }] = JSON.parse(stdout) as [{ dependencies: Record<string, string> }];
  return new Set([workspace, ...Object.keys(dependencies)]);
}

test.each(['monitor', 'elevator', 'worker'] as const)(
  'the list of the %s has what its workspace asks for',
  async (image) => {
    const bom = await bomOf(image);
    expect(bom.bomFormat).toBe('CycloneDX');
    const names = namesOf(bom);
    expect([...(await needed(image))].filter((name) => !names.has(name))).toEqual([]);
    expect(names).toContain('ioredis');
    expect(names.has('fastify')).toBe(image !== 'worker');
    expect(names.has('@fastify/static')).toBe(image === 'monitor');
  },
);

test.each(['monitor', 'elevator', 'worker'] as const)(
  'the list of the %s has nothing for development',
  async (image) => {
    const root = new URL('../../', import.meta.url);
    const { devDependencies } = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    const names = namesOf(await bomOf(image));
    const forbidden = [
      ...Object.keys(devDependencies),
      '@marblerun/test-support',
      '@marblerun/tests',
      'fast-check',
      'dockerode',
    ];
    expect(forbidden.filter((name) => names.has(name))).toEqual([]);
  },
);

test('each package is of a version, and those of a registry have a checksum', async () => {
  for (const image of ['monitor', 'elevator', 'worker'] as const) {
    for (const { purl, version, hashes } of (await bomOf(image)).components) {
      expect([purl, version]).toEqual([purl, expect.stringMatching(/^\d+\.\d+\.\d+/)]);
      if (!/npm\/(%40marblerun\/|marblerun)/.test(purl)) expect([purl, hashes?.length]).toEqual([purl, 1]);
    }
  }
});
