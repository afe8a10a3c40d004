/**
 * The open batches of a run, read for who looks at it: sums over all, and the most telling of these. Read in steps, and none
 * but the most telling is kept; a run without batches costs two small commands.
 */
import type { BatchState, Communicator } from 'marblerun/communicator';
import { MostTelling, OF_BATCHES } from './most-telling.js';

export interface BatchSums {
  readonly open: number;
  /** Cancelled ones among these. */
  readonly cancelled: number;
  /** How long ago the oldest open one was opened. */
  readonly oldestMs: number;
  /** Marbles: a batch in a batch is none. */
  readonly left: number;
  readonly dead: number;
  /** Complete, and not forgotten yet. */
  readonly complete: number;
}

/** Some of them one by one. `left` counts marbles only here too. */
export async function readBatches(
  { batches }: Communicator,
  most: number,
): Promise<{ batches: BatchSums; tellingBatches: readonly BatchState[] }> {
  const telling = new MostTelling(most, OF_BATCHES);
  const sums = { open: 0, cancelled: 0, oldestMs: 0, left: 0, dead: 0 };
  /** How many open batches are in a batch: it counts each as one that is left. */
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
  const complete = Math.max(0, (await batches.count()) - sums.open); // between two steps some may have been opened
  const states = await batches.states(telling.chosen.map(({ id }) => id));
  const tellingBatches = states.flatMap((state) =>
    state !== undefined && state.doneAt === undefined
      ? [{ ...state, left: Math.max(0, state.left - (within.get(state.id) ?? 0)) }]
      : [],
  );
  return { batches: { ...sums, left: Math.max(0, sums.left), complete }, tellingBatches };
}
