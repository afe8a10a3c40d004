/**
 * A way to call a script: a run is prepared, then a user does something.
 */
import type { Place } from './place.js';

/**
 * The act of a scenario. It resolves with the ids of marbles that are rightly gone: finished, deleted, or handed over
 * for good.
 */
export type Act = () => Promise<readonly string[]>;

export interface Scenario {
  readonly what: string;
  /** True: after everything is mended the act is repeated, as its program would repeat it. */
  readonly again?: true;
  /** True: it takes away members by hand, or writes numbers of batches that nothing stands for. */
  readonly spoilsCounts?: true;
  /** True: it takes away large data by hand, or a marble that has such. */
  readonly spoilsData?: true;
  readonly prepare: (place: Place) => Promise<Act>;
}
