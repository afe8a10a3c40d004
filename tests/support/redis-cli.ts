/**
 * Asks a server as a person would, beside everything that is under test.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs redis-cli; `where` is a port of this machine, or options of redis-cli. Throws what Redis refuses. */
export async function redisCli(where: number | readonly string[], ...command: string[]): Promise<string> {
  const place = typeof where === 'number' ? ['-p', String(where)] : where;
  const { stdout } = await run('redis-cli', ['-e', '--no-auth-warning', ...place, ...command]);
  return stdout.trim();
}
