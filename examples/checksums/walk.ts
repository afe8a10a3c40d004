/**
 * Walks a folder tree and yields all its regular files, as paths in bytes. As with `find -type f`, symbolic links are
 * neither followed nor named, and sockets, pipes and devices are not named either. What may go wrong: a folder cannot
 * be read, or has gone. Then `trouble` is called, and the walk goes on.
 */
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { pathOfBytes, pathToBytes } from './job.js';

export async function* walk(folder: string, trouble: (path: string, error: Error) => void): AsyncGenerator<string> {
  let entries: Dirent<Buffer>[];
  try {
    entries = await readdir(pathToBytes(folder), { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    trouble(folder, error as Error);
    return;
  }
  for (const entry of entries) {
    const path = `${folder}/${pathOfBytes(entry.name)}`;
    if (entry.isDirectory()) yield* walk(path, trouble);
    else if (entry.isFile()) yield path;
  }
}
