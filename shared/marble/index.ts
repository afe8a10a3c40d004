export { Marble, type Queues, type WaitOptions } from './marble.js';
export { HeldMarble } from './held-marble.js';
export type { Handler } from './handling.js';
export { Worker, type WorkOptions } from './work.js';
export { MARBLE_DEFAULTS, type MarbleOptions } from './options.js';
export type { SendOptions } from './outgoing.js';
export type { Failure } from '../communicator/envelope.js';
export type { Codec } from './codec.js';
export { ERROR_CODES, MarbleRunError, isMarbleRunError, type ErrorCode } from '../errors.js';
