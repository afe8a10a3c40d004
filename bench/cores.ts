/**
 * The cores that a server and the processes of Node.js may run on, by `taskset`.
 *
 * Whoever awaits one answer after the other is three to four times as fast where it shares a core with its server as
 * where it does not: a wake-up across cores takes longer than the work. Left alone, a run flips between the two.
 */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

/** `one core`: all on one. `two cores`: the server has one, all processes of Node.js share the other. */
export type Cores = 'any' | 'one core' | 'two cores';
export type Side = 'server' | 'client';

const run = promisify(execFile);
const ALLOWED = allowed();

/** The reason why nothing is pinned here, if so. */
export const WHY_UNPINNED =
  ALLOWED.length >= 2
    ? undefined
    : ALLOWED.length === 1
      ? 'this machine lends one core only, so nothing is pinned'
      : 'taskset (Debian: util-linux) is not on the PATH, so nothing is pinned';

/** The command line that starts a program where it belongs. */
export function placed(cores: Cores, side: Side, command: readonly string[]): string[] {
  return cores === 'any' || WHY_UNPINNED ? [...command] : ['taskset', '-c', listOf(cores, side), ...command];
}

/** Moves processes that run already, with all their threads. */
export async function move(pids: readonly number[], cores: Cores, side: Side): Promise<void> {
  if (WHY_UNPINNED) return;
  for (const pid of pids) await run('taskset', ['-a', '-c', '-p', listOf(cores, side), String(pid)]);
}

function listOf(cores: Cores, side: Side): string {
  if (cores === 'any') return ALLOWED.join();
  return String(cores === 'one core' || side === 'server' ? ALLOWED[0] : ALLOWED[1]);
}

/** The numbers of the cores that this process may use; none where `taskset` is missing. */
function allowed(): number[] {
  try {
    const told = execFileSync('taskset', ['-c', '-p', String(process.pid)], { encoding: 'utf8' });
    const ranges = told.trim().split(': ').at(-1)!.split(',');
    return ranges.flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
  } catch {
    return [];
  }
}
