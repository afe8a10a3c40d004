import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { sha256 } from './sha256.js';

let folder: string;
const { signal } = new AbortController();
const sum = (name: string, most = 1000, stop = signal) => sha256(Buffer.from(join(folder, name)), most, stop);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marblerun-sha256-'));
  await writeFile(join(folder, 'file'), 'some data');
});

afterEach(() => rm(folder, { recursive: true }));

test('a file has a sum; one over the limit has none yet', async () => {
  expect(await sum('file')).toEqual({ sum: createHash('sha256').update('some data').digest('hex'), bytes: 9 });
  expect(await sum('file', 9)).toHaveProperty('sum');
  expect(await sum('file', 8)).toBeUndefined();
});

test('what is no readable file is an answer, with its reason', async () => {
  await mkdir(join(folder, 'folder'));
  await symlink('file', join(folder, 'link'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  expect(await sum('nothing')).toEqual({ error: 'ENOENT: no such file or directory', bytes: 0 });
  expect(await sum('file/below')).toEqual({ error: 'ENOTDIR: not a directory', bytes: 0 });
  expect(await sum('link')).toEqual({ error: 'ELOOP: too many symbolic links encountered', bytes: 0 });
  expect(await sum('folder')).toEqual({ error: 'is no longer a regular file', bytes: 0 });
  expect(await sum('pipe')).toEqual({ error: 'is no longer a regular file', bytes: 0 });
});

test('so is a file that may not be read', async () => {
  await chmod(join(folder, 'file'), 0);
  const root = process.getuid?.() === 0;
  if (root) process.seteuid?.('nobody'); // root may read everything
  try {
    expect(await sum('file')).toEqual({ error: 'EACCES: permission denied', bytes: 0 });
  } finally {
    if (root) process.seteuid?.(0);
  }
});

test('a hash that is broken off is no answer: the marble goes back', async () => {
  await expect(sum('file', 1000, AbortSignal.abort(new Error('taken back')))).rejects.toMatchObject({
    message: 'taken back',
  });
});
