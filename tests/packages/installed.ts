/**
 * The packages as a user has them: packed, and installed from the tarballs into an empty folder elsewhere.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';
import { freshBus, type Bus } from '@marblerun/test-support';
import { Communicator } from 'marblerun/communicator';

const run = promisify(execFile);
const root = new URL('../../..', import.meta.url).pathname;

export interface Installed {
  readonly folder: string;
  readonly remove: () => Promise<void>;
}

export async function installPacked(...names: string[]): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), 'marblerun-package-'));
  const tarballs = join(folder, 'tarballs');
  await run('mkdir', [tarballs]);
  const workspaces = names.flatMap((name) => ['--workspace', name]);
  await run('npm', ['pack', '--silent', ...workspaces, '--pack-destination', tarballs], { cwd: root });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  const files = (await readdir(tarballs)).map((file) => join(tarballs, file));
  await run('npm', ['install', '--no-audit', '--no-fund', '--silent', '--prefer-offline', ...files], { cwd: folder });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** The environment of a program that works on this bus. */
export const envOf = ({ redis, run }: Bus) => ({ ...process.env, MARBLERUN_REDIS: redis, MARBLERUN_RUN: run });

/**
 * A program that has `Marble`. It is held up for longer than its lease and still finishes. So it has its scripts, and a
 * heartbeat in a thread.
 */
export const HELD_UP = `
async function main() {
  const marble = new Marble({ leaseMs: 2000 });
  await marble.send('q', { n: 1 });
  console.log((await marble.wait('q')).n);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
  await marble.finish();
  console.log('finished');
  await marble.close();
}
void main();
`;

/** Runs such a program on a run of its own, which is swept all the time. */
export async function expectToHold(program: string, args: readonly string[], cwd: string): Promise<void> {
  const bus = freshBus();
  const peek = new Communicator(bus);
  const sweeping = new AbortController();
  const sweeps = (async () => {
    while (!sweeping.signal.aborted) await peek.recovery.sweep(5);
  })();
  try {
    const said = await run(program, args, { cwd, env: envOf(bus), timeout: 60_000 });
    expect(said).toEqual({ stdout: '1\nfinished\n', stderr: '' });
  } finally {
    sweeping.abort();
    await sweeps;
    await peek.close();
  }
}
