/**
 * The commit and source that images are labelled with, according to git: scripts/made-of.sh, as `make up` and
 * `make images` call it.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const ROOT = new URL('../../', import.meta.url);
const TELL = 'JSON.stringify({ revision: process.env.REVISION, source: process.env.SOURCE })';

let folder: string;
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: folder, encoding: 'utf8' }).trim();
const told = (env: Record<string, string> = {}) => {
  const options = { cwd: tmpdir(), env: { PATH: process.env['PATH'], ...env }, encoding: 'utf8' as const };
  return JSON.parse(
    execFileSync(join(folder, 'scripts/made-of.sh'), [process.execPath, '-p', TELL], options),
  ) as unknown;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'marblerun-made-of-'));
  mkdirSync(join(folder, 'scripts'));
  copyFileSync(fileURLToPath(new URL('scripts/made-of.sh', ROOT)), join(folder, 'scripts/made-of.sh'));
  writeFileSync(join(folder, 'file'), 'one\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

test('outside of git nothing is told, also within the checkout of something else', () => {
  expect(told()).toEqual({});
  git('init', '--quiet', '.');
  mkdirSync(join(folder, 'inner/scripts'), { recursive: true });
  copyFileSync(join(folder, 'scripts/made-of.sh'), join(folder, 'inner/scripts/made-of.sh'));
  const inner = execFileSync(join(folder, 'inner/scripts/made-of.sh'), [process.execPath, '-p', TELL], {
    encoding: 'utf8',
  });
  expect(inner.trim()).toBe('{}');
  rmSync(join(folder, 'inner'), { recursive: true });
});

test('the commit, and where it comes from without the login; what is set already stays', () => {
  git('add', '.');
  git('commit', '--quiet', '--message', 'one');
  const head = git('rev-parse', 'HEAD');
  expect(told()).toEqual({ revision: head });
  git('remote', 'add', 'origin', 'https://me:TOKEN@example.org/a/b.git');
  expect(told()).toEqual({ revision: head, source: 'https://example.org/a/b.git' });
  git('remote', 'set-url', 'origin', 'git@example.org:a/b.git');
  expect(told()).toEqual({ revision: head, source: 'git@example.org:a/b.git' });
  expect(told({ REVISION: 'r', SOURCE: 's' })).toEqual({ revision: 'r', source: 's' });
});

test('a changed file is told: the image is not of that commit alone', () => {
  appendFileSync(join(folder, 'file'), 'two\n');
  expect(told()).toMatchObject({ revision: `${git('rev-parse', 'HEAD')}-dirty` });
});

test('every target of the Makefile that builds images tells it', () => {
  const makefile = readFileSync(new URL('Makefile', ROOT), 'utf8');
  const builds = makefile.split('\n').filter((line) => /^\t.*docker compose (up --build|build)/.test(line));
  expect(builds).toHaveLength(2);
  for (const line of builds) expect(line).toContain('scripts/made-of.sh docker compose');
});
