/** Finds the programs of servers: on the PATH, and where Debian or npm puts what is not on it. */
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** npm has a package of Bun for each kind of machine, and installs the one that fits. */
const OVEN = fileURLToPath(new URL('../../node_modules/@oven/', import.meta.url));
const POSTGRESQL = '/usr/lib/postgresql/';

/** The path of a program; undefined where it is not installed. */
export function find(program: string): string | undefined {
  const onPath = process.env['PATH']!.split(delimiter);
  const versions = foldersIn(POSTGRESQL).map((version) => join(POSTGRESQL, version, 'bin'));
  const ovens = foldersIn(OVEN).map((kind) => join(OVEN, kind, 'bin'));
  return [...versions, ...ovens, ...onPath, '/usr/sbin'].map((folder) => join(folder, program)).find(isProgram);
}

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
