/**
 * Lets one suspect at a time be worked on alone in this process, whichever of its workers has it.
 *
 * A crash ends all workers of a process, and is charged to the suspect that was alone: were there two, one of them would
 * be charged with what the other did.
 */
type Worker = object;

/** All workers of this process that may hold something. */
export const workers = new Set<Worker>();

let alone: Worker | undefined;
const waiting = new Map<Worker, () => void>();

/** True where it may begin; else `again` is called when it may be asked again. */
export function enterSolitude(worker: Worker, again: () => void): boolean {
  if (alone !== undefined && alone !== worker) {
    waiting.set(worker, again);
    return false;
  }
  alone = worker;
  return true;
}

/** Safe twice, and for one that only waits. */
export function leaveSolitude(worker: Worker): void {
  waiting.delete(worker);
  if (alone !== worker) return;
  alone = undefined;
  const all = [...waiting.values()];
  waiting.clear(); // who still has to wait asks again
  for (const again of all) again();
}
