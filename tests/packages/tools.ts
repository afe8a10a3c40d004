/**
 * The bundlers, runtimes, compilers and test runners that the packages are tried with.
 *
 * They are large, so they are not part of the workspace but are installed once into a folder of their own. Where that
 * is impossible, or a tool does not start, its tests are skipped and say so.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '@marblerun/test-support';

const run = promisify(execFile);
const root = new URL('../../..', import.meta.url).pathname;
const folder = join(root, 'tests/packages/tools');
const textOf = (path: string) => readFile(join(folder, path), 'utf8').catch(() => '');

export const bundle = join(folder, 'bundle.mjs');

const WANTED = 'package-lock.json';
const INSTALLED = 'node_modules/.installed-lock';
const isInstalled = async () => (await textOf(INSTALLED)) === (await textOf(WANTED));

/** Installs the tools. Returns why they are not there, or ''. */
export async function installTools(): Promise<string> {
  try {
    if (!(await isInstalled())) await alone(install);
    return '';
  } catch (error) {
    return `the tools cannot be installed: ${(error as Error).message.split('\n')[0]!}`;
  }
}

async function install(): Promise<void> {
  if (await isInstalled()) return; // another test file was first
  await run('npm', ['ci', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: folder });
  await copyFile(join(folder, WANTED), join(folder, INSTALLED));
}

/** Does work alone. Test files run at the same time, and several need the tools: one installs them, the others wait. */
async function alone(work: () => Promise<void>): Promise<void> {
  const turn = join(root, 'tests/dist/.tools-being-installed');
  const isOurs = () =>
    mkdir(turn).then(
      () => true,
      () => false,
    );
  await until(`${turn} is gone`, isOurs, { deadlineMs: 300_000, everyMs: 200 });
  try {
    await work();
  } finally {
    await rm(turn, { recursive: true });
  }
}

export const toolPath = (path: string) => join(folder, 'node_modules', path);

/** Returns why a program cannot be used, or ''. */
export async function notStarted(program: string): Promise<string> {
  try {
    await run(program, ['--version']);
    return '';
  } catch (error) {
    return `${basename(program)} does not start: ${(error as Error).message.split('\n')[0]!}`;
  }
}
