/**
 * The door for programs that build on the bus: the Communicator, what it is given and what it answers.
 */
export { Communicator } from './communicator.js';
export { BUS_DEFAULTS, type BusOptions, type LinkOptions } from './redis/bus-options.js';
export type { Part } from './redis/rights.js';
export { ERROR_CODES, MarbleRunError, isMarbleRunError, type ErrorCode } from '../errors.js';

// What is sent and taken.
export { decodeEnvelope, encodeEnvelope, newId, type Envelope } from './data/envelope.js';
export type { Failure, Header, LargeData } from './data/header.js';
export type { LargeDataReader } from './data/large-data.js';
export type { LargeOutput } from './data/set-data.js';
export type { Output } from './send/outputs.js';
export type { Popped } from './send/popper.js';
export { checkName, type Named } from './redis/keys.js';

// How a run is.
export { EVENTS, type MonitorStatus, type QueueEvent, type QueueStatus, type RunStatus } from './watch/run-status.js';
export type { OutboxStatus, QueueReader } from './watch/queue-reader.js';
export type { Durability, HolderAtWork, HolderStatus, Status } from './watch/status.js';
export { WATCH, type Watchers } from './watch/watchers.js';
export type { Audit, Place, Stock } from './watch/audit.js';

// Recovery, and dead letters.
export { noSweep, type Recovery, type SweepResult } from './watch/recovery.js';
export { RECOVERED_BY, type Recovered } from './watch/recovered.js';
export type { EndedContainers, GoneConnections, GoneLook } from './watch/gone.js';
export type { Heart, Hearts } from './watch/hearts.js';
export type { HungHolder, HungHolders } from './watch/hung.js';
export type { Duties, TakenDuty } from './watch/duties.js';
export type { Promoted } from './watch/promotion.js';
export type { ClockBack } from './watch/clock-watch.js';
export type { DeadLetter, DeadLetters } from './watch/dead-letters.js';
export type { LargeDataFound, LargeDataSearch } from './watch/large-data-search.js';

// Batches.
export type { Batches, BatchToOpen, OpenedBatch, Tidied } from './batch/batches.js';
export type { BatchAbout, BatchState, FailureGroup } from './batch/batch-state.js';
export type { BatchSearch } from './batch/batch-search.js';
export { failureGroups, retryDead, type Dead } from './batch/batch-dead.js';
export type { OpenBatch } from './batch/open-batches.js';

// Lanes between runs.
export type { Entry, Landed, Landing, LandOptions, LaneSource, LaneTarget, LiftLimits, Transit } from './lane/lane.js';

// How programs name their Redis.
export { describeRedis, mistakeInRedis, parseRedis, type RedisForm, type TlsForm } from './redis/redis-form.js';
export { isServiceLink, readRedisVariable, readVariable, type Environment, type Given } from './redis/environment.js';
