/**
 * The inner parts of the communicator, for this repository's own tests: not in the package's `exports`, without any promise.
 */
export { readAbout } from './batch-state.js';
export { Connection } from './connection.js';
export { Holding } from './holding.js';
export { Held, type Finished, type GivenBack, type HoldingOptions } from './in-hand.js';
export { BATCHES_LAYOUT, LAYOUT_VERSION, keysOf, type RunKeys } from './keys.js';
export { LaneFoot, LaneHead } from './lane.js';
export { Progress, ProgressReader, type Frozen } from './progress.js';
export type { Part } from './rights.js';
export { scriptNames, scriptText, type ScriptName } from './scripts.js';
