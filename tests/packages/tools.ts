/**
 * The bundlers, runtimes, compilers and test runners that the packages are tried with.
 *
 * They are large, so they are no part of the workspace: installed once into a folder of their own. Where that cannot be
 * done, or a tool does not start, its tests are skipped and say so.
 */
import { execFile } from 'node:child_process';
import { copyFile, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = new URL('../../..', import.meta.url).pathname;
const folder = join(root, 'tests/packages/tools');
const textOf = (path: string) => readFile(join(folder, path), 'utf8').catch(() => '');

export const bundle = join(folder, 'bundle.mjs');

/** Returns why they are not there, or ''. */
export async function installTools(): Promise<string> {
  const lock = 'package-lock.json';
  const mark = 'node_modules/.installed-lock';
  if ((await textOf(mark)) === (await textOf(lock))) return '';
  try {
    await run('npm', ['ci', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: folder });
    await copyFile(join(folder, lock), join(folder, mark));
    return '';
  } catch (error) {
    return `the tools cannot be installed: ${(error as Error).message.split('\n')[0]!}`;
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
