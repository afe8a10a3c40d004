/**
 * Lets one suspect at a time be worked on alone in this process, whichever worker has it.
 *
 * A crash ends all workers of a process, and is charged to the suspect that was alone. If two suspects ran at once, one
 * would be charged with what the other did.
 */
type Worker = object;

/** All workers of this process that may hold a marble. */
export const workers = new Set<Worker>();

let alone: Worker | undefined;
const waiting = new Map<Worker, () => void>();

/** Returns true where the worker may begin. Otherwise `again` is called when it may ask again. */
export function enterSolitude(worker: Worker, again: () => void): boolean {
  if (alone !== undefined && alone !== worker) {
    waiting.set(worker, again);
    return false;
  }
  alone = worker;
  return true;
}

/** Ends a worker's solitude, or its wait for it. Safe to call twice. */
export function leaveSolitude(worker: Worker): void {
  waiting.delete(worker);
  if (alone !== worker) return;
  alone = undefined;
  const all = [...waiting.values()];
  waiting.clear(); // those that still have to wait will ask again
  for (const again of all) again();
}
