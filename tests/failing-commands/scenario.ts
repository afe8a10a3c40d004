/**
 * A way to call a script: a run is prepared, then a user does something.
 */
import type { Place } from './place.js';

/** Resolves with the ids that are rightly gone: finished, deleted, or handed over for good. */
export type Act = () => Promise<readonly string[]>;

export interface Scenario {
  readonly what: string;
  /** True: the act is repeated when all is mended, as its program would. */
  readonly again?: true;
  /** True: it takes away members by hand, or writes numbers of batches that nothing stands for. */
  readonly spoilsCounts?: true;
  readonly prepare: (place: Place) => Promise<Act>;
}
