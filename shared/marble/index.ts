export { Marble } from './marble.js';
export type { BatchesOptions, EachOptions, WaitOptions } from './wait-options.js';
export type {
  Arriving,
  Codec,
  Handler,
  HandlerData,
  HeldOf,
  Jsonified,
  LoopMarbleOf,
  QueueOf,
  Queues,
  Signal,
} from './types.js';
export type { TakenMarble } from './taken-marble.js';
export type { HeldMarble } from './held-marble.js';
export type { FailOptions, LoopMarble } from './loop-marble.js';
export type { Worker, WorkOptions } from './work.js';
export type { Batch, BatchSendOptions } from './batch.js';
export type { BatchOptions } from './batch-options.js';
export type { BatchProgress, Progress } from './batch-progress.js';
export type { FailureGroup } from '../communicator/batch/batch-state.js';
export { MARBLE_DEFAULTS, type MarbleOptions } from './options.js';
export type { ClientMetricsOptions, MetricKind, MetricsRegistry } from './client-metrics.js';
export type { Span, SpanContext, TracingApi } from './tracing.js';
export type { AboutMarble, OnError } from './on-error.js';
export type { BusOptions } from '../communicator/redis/bus-options.js';
export type { RedisForm, TlsForm } from '../communicator/redis/redis-form.js';
export type { SendOptions, UndelayedOptions } from './send-options.js';
export { SendManyError, type Items } from './send-many.js';
export type { Failure } from '../communicator/data/header.js';
export type { MonitorStatus, QueueEvent, QueueStatus, RunStatus } from '../communicator/watch/run-status.js';
export { ERROR_CODES, MarbleRunError, isMarbleRunError, type ErrorCode } from '../errors.js';
