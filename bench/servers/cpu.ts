/** The CPU of a process, as Linux tells it in /proc. */
import { readFileSync, readdirSync } from 'node:fs';

/** The unit of the times in `stat`, whatever the machine. */
const US_PER_TICK = 10_000;

/** The CPU that a process and its children have used so far, also children that have ended, in µs; NaN where there is no /proc. */
export function cpuUsOf(pid: number): number {
  const alive = [pid, ...childrenOf(pid)].map(runningUs).reduce((sum, each) => sum + each, 0);
  const [user = NaN, system = NaN] = (fieldsOf(pid) ?? []).slice(13, 15).map(Number);
  return alive + (user + system) * US_PER_TICK;
}

export function childrenOf(pid: number): number[] {
  const pids = namesIn('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((child) => fieldsOf(child)?.[1] === String(pid));
}

/** The time that its threads have run: in ns, where `stat` has ticks that are too coarse for half a second. */
function runningUs(pid: number): number {
  const threads = namesIn(`/proc/${pid}/task`);
  const ns = threads.map((thread) => Number(read(`/proc/${pid}/task/${thread}/schedstat`)?.split(' ')[0] ?? 0));
  return ns.reduce((sum, each) => sum + each, 0) / 1000;
}

/** The fields behind the name of the program: the name may hold spaces. */
function fieldsOf(pid: number): string[] | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Undefined for what has ended. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
