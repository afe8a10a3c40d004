/**
 * The inner parts of the communicator, for this repository's own tests: not in the package's `exports`, without any promise.
 */
import type { Communicator } from './communicator.js';
import type { Holders } from './hold/holders.js';
import type { Frozen } from './hold/progress.js';

export { readAbout } from './batch/batch-state.js';
export { Connection } from './redis/connection.js';
export type { Holders } from './hold/holders.js';
export { Holding } from './hold/holding.js';
export { Held, type Finished, type GivenBack, type HoldingOptions } from './hold/held.js';
export { BATCHES_LAYOUT, LARGE_DATA_LAYOUT, LAYOUT_VERSION, keysOf, type RunKeys } from './redis/keys.js';
export { LaneSource, LaneTarget } from './lane/lane.js';
export { Progress, ProgressReader, type Frozen } from './hold/progress.js';
export { scriptNames, scriptText, type ScriptName } from './redis/scripts.js';

/** Returns the holders of a communicator, which its declaration does not show. */
export function holdersOf(communicator: Communicator): Holders {
  return communicator.holders;
}

/** Takes back what a blocked holder has not begun, as its heartbeat thread does. */
export function releaseUnbegun({ recovery }: Communicator, holder: string, blocked: Frozen): Promise<void> {
  return recovery.releaseUnbegun(holder, blocked);
}
