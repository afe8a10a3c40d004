/**
 * The door for programs that build on the bus: the Communicator, what it is given and what it answers.
 */
export { Communicator, type Popped } from './communicator.js';
export { BUS_DEFAULTS, type BusOptions, type LinkOptions } from './bus-options.js';
export { ERROR_CODES, MarbleRunError, isMarbleRunError, type ErrorCode } from '../errors.js';

// What is sent and taken.
export { decodeEnvelope, encodeEnvelope, newId, type Envelope } from './envelope.js';
export type { Failure, Header } from './header.js';
export type { Output } from './outputs.js';
export { checkName, type Named } from './keys.js';

// How a run is.
export { EVENTS, type MonitorStatus, type QueueEvent, type QueueStatus, type RunStatus } from './run-status.js';
export type { OutboxStatus, QueueReader } from './queue-reader.js';
export type { Durability, HolderStatus, Status } from './status.js';
export { WATCH, type Watchers } from './watchers.js';
export type { Audit, Place, Stock } from './audit.js';

// Recovery, and dead letters.
export { noSweep, type Recovery, type SweepResult } from './recovery.js';
export { RECOVERED_BY, type Recovered } from './recovered.js';
export type { GoneConnections, GoneLook } from './gone.js';
export type { Heart, Hearts } from './hearts.js';
export type { Promoted } from './promotion.js';
export type { ClockBack } from './clock-watch.js';
export type { DeadMarble, Exhumation, Graveyard } from './graveyard.js';

// Batches.
export type { Batches, BatchToOpen, OpenedBatch, Tidied } from './batches.js';
export type { BatchAbout, BatchState, FailureGroup } from './batch-state.js';
export type { BatchSearch } from './batch-search.js';
export { failureGroups, retryDead, type Dead } from './batch-dead.js';
export type { OpenBatch } from './open-batches.js';

// Lanes between runs.
export type { Batch, Landed, Landing, LandOptions, LaneFoot, LaneHead, LiftLimits } from './lane.js';

// How programs name their Redis.
export { describeRedis, mistakeInRedis, parseRedis, type RedisForm, type TlsForm } from './redis-form.js';
export { isServiceLink, readRedisVariable, readVariable, type Environment, type Given } from './environment.js';
