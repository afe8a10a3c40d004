/**
 * All regular files of a folder tree, one after the other, as paths in bytes. Symbolic links are not
 * followed and not named, nor are sockets, pipes and devices: as with `find -type f`. What may go wrong:
 * a folder cannot be read, or has gone; then `trouble` hears of it and the walk goes on.
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
