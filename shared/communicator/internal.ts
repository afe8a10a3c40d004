/**
 * The inner parts of the communicator, for this repository's own tests: not in the package's `exports`, without any promise.
 */
export { readAbout } from './batch/batch-state.js';
export { Connection } from './redis/connection.js';
export { Holding } from './hold/holding.js';
export { Held, type Finished, type GivenBack, type HoldingOptions } from './hold/held.js';
export { BATCHES_LAYOUT, LAYOUT_VERSION, keysOf, type RunKeys } from './redis/keys.js';
export { LaneSource, LaneTarget } from './lane/lane.js';
export { Progress, ProgressReader, type Frozen } from './hold/progress.js';
export type { Part } from './redis/rights.js';
export { scriptNames, scriptText, type ScriptName } from './redis/scripts.js';
