/**
 * Computes the SHA-256 of a file, read as a stream. What may go wrong: the file has gone, may not be read, or is
 * something else by now. Another try would not help, so this is an answer. Other errors are thrown.
 */
import { createHash } from 'node:crypto';
import { constants, type FileHandle, open } from 'node:fs/promises';

export type Sum = { readonly sum: string; readonly bytes: number } | { readonly error: string; readonly bytes: 0 };

/** The flags to open a file with: a link is not followed, and a pipe does not block. The walk named neither. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const LASTING = ['ENOENT', 'EACCES', 'EPERM', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO'];

/** Returns undefined where the file has more than `mostBytes`. */
export async function sha256(path: Buffer, mostBytes: number, signal: AbortSignal): Promise<Sum | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, FLAGS);
    const stats = await file.stat();
    if (!stats.isFile()) return { error: 'is no longer a regular file', bytes: 0 };
    if (stats.size > mostBytes) return undefined;
    return await hash(file, signal);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (LASTING.includes(code)) return { error: message.split(',')[0]!, bytes: 0 };
    throw error;
  } finally {
    await file?.close();
  }
}

async function hash(file: FileHandle, signal: AbortSignal): Promise<Sum> {
  const sum = createHash('sha256');
  let bytes = 0;
  for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    sum.update(chunk);
    bytes += chunk.length;
  }
  return { sum: sum.digest('hex'), bytes };
}
