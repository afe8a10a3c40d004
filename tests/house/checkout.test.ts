/**
 * A fresh checkout has the same bytes on every machine, one version of Node.js everywhere, and a workflow that runs
 * what people run.
 */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { makeTargets, root } from './project.js';

const run = promisify(execFile);
const read = (path: string) => readFile(join(root, path), 'utf8');

let place: string;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'marblerun-checkout-'));
});
afterAll(() => rm(place, { recursive: true, force: true }));

test('a clone with core.autocrlf=true has LF in every file that a container or Redis reads', async () => {
  const [origin, clone] = [join(place, 'origin'), join(place, 'clone')];
  const git = (...args: string[]) => run('git', ['-c', 'user.name=x', '-c', 'user.email=x@localhost', ...args]);
  const parts = [
    '.gitattributes',
    'Makefile',
    'Dockerfile.monitor',
    'scripts',
    'shared/communicator/lua',
    'deploy',
    'k8s',
  ];
  for (const part of parts) await cp(join(root, part), join(origin, part), { recursive: true });
  await git('init', '--quiet', origin);
  await git('-C', origin, 'add', '.');
  await git('-C', origin, 'commit', '--quiet', '--message', 'all');
  await git('clone', '--quiet', '--config', 'core.autocrlf=true', origin, clone);
  const found = await readdir(clone, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile() && !entry.parentPath.includes('.git'));
  expect(files.length).toBeGreaterThan(60);
  const texts = await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name))));
  expect(files.filter((_, i) => texts[i]!.includes('\r')).map(({ name }) => name)).toEqual([]);
});

test('.nvmrc, the devcontainer and `engines` name the oldest Node.js that is supported', async () => {
  const oldest = (await read('.nvmrc')).trim();
  expect(oldest).toMatch(/^\d+$/);
  const manifests = ['.', 'shared', 'shared/service', 'services/monitor', 'services/elevator', 'bench'];
  for (const folder of manifests) {
    const { engines } = JSON.parse(await read(`${folder}/package.json`)) as { engines?: { node: string } };
    expect([folder, engines]).toEqual([folder, { node: `>=${oldest}` }]);
  }
  expect(await read('.devcontainer/Dockerfile')).toMatch(new RegExp(`^FROM node:${oldest}-`, 'm'));
});

interface Workflow {
  readonly jobs: Record<string, { steps: { run?: string; with?: Record<string, string> }[] }>;
}

test('the public workflow runs `make check` with the Node.js of .nvmrc', async () => {
  const { jobs } = parse(await read('.github/workflows/check.yml')) as Workflow;
  const steps = jobs['check']!.steps;
  expect(steps.at(-1)).toEqual({ run: 'make check' });
  expect(steps.map((step) => step.with?.['node-version-file'])).toContain('.nvmrc');
});

test('what the devcontainer and the workflow call is there', async () => {
  const container = JSON.parse(await read('.devcontainer/devcontainer.json')) as { postCreateCommand: string };
  expect([container.postCreateCommand, 'make check'].map((command) => command.slice('make '.length))).toEqual(
    expect.arrayContaining(['build', 'check']),
  );
  expect(await makeTargets()).toEqual(expect.arrayContaining(['build', 'check']));
});
