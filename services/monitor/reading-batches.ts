/**
 * Reads the open batches of a run for all who look: sums over all, and the most telling ones. It reads in steps and
 * keeps only the most telling ones; a run without batches costs two small commands.
 */
import type { BatchState, Communicator } from 'marblerun/communicator';
import { MostTelling, OF_BATCHES } from './most-telling.js';

export interface BatchSums {
  readonly open: number;
  /** Open batches that are cancelled. */
  readonly cancelled: number;
  /** The age of the oldest open batch. */
  readonly oldestMs: number;
  /** The marbles that are left; a batch inside a batch does not count as one. */
  readonly left: number;
  readonly dead: number;
  /** Batches that are complete and not forgotten yet. */
  readonly complete: number;
}

/** Reads some batches one by one. `left` counts only marbles here too. */
export async function readBatches(
  { batches }: Communicator,
  most: number,
): Promise<{ batches: BatchSums; tellingBatches: readonly BatchState[] }> {
  const telling = new MostTelling(most, OF_BATCHES);
  const sums = { open: 0, cancelled: 0, oldestMs: 0, left: 0, dead: 0 };
  /** The number of open batches inside a batch, which counts each as one that is left. */
  const within = new Map<string, number>();
  for await (const some of batches.openOnes()) {
    telling.add(some);
    for (const { ageMs, left, dead, isCancelled, parent } of some) {
      sums.open++;
      sums.left += left - (parent === undefined ? 0 : 1);
      sums.dead += dead;
      if (isCancelled) sums.cancelled++;
      sums.oldestMs = Math.max(sums.oldestMs, ageMs);
      if (parent !== undefined) within.set(parent, (within.get(parent) ?? 0) + 1);
    }
  }
  const complete = Math.max(0, (await batches.count()) - sums.open); // some may have been opened between two steps
  const states = await batches.states(telling.chosen.map(({ id }) => id));
  const tellingBatches = states.flatMap((state) =>
    state !== undefined && state.doneAt === undefined
      ? [{ ...state, left: Math.max(0, state.left - (within.get(state.id) ?? 0)) }]
      : [],
  );
  return { batches: { ...sums, left: Math.max(0, sums.left), complete }, tellingBatches };
}
