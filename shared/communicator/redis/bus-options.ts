/** The bus of a program, and how patient the program is with it. */
import type { RedisForm } from './redis-form.js';

export interface BusOptions {
  /** A URL (`redis://`, `rediss://`, or the path of a Unix socket), or the long form (docs/REDIS.md). Default `redis://localhost:6379`. */
  readonly redis?: string | RedisForm;
  /** The name of the run. Default `main`. */
  readonly run?: string;
  /** How long the first connection may take until Redis has answered. Default 10,000 ms. */
  readonly connectTimeoutMs?: number;
  /** How long a command keeps trying once Redis is found to be away; a wait in good health does not count. Default 0: as long as it takes. */
  readonly retryTimeoutMs?: number;
  /** How long a connection may be silent while Redis owes an answer, before it counts as half-open. Silent means that no byte comes in and none goes out. A large command has 1 s more for each 16 KiB. Default 10,000 ms. */
  readonly replyTimeoutMs?: number;
  /** True: while one short command is under way, the event loop keeps turning, so that its answer needs no wake-up by the kernel. It takes a core of its own while the program waits for such answers, and tests now and then whether it gains anything. Default false. */
  readonly busyPoll?: boolean;
  /** How many replicas must have what was sent before `send` returns. Default 0: the primary is enough. */
  readonly replicas?: number;
  /** How long the replicas may take to acknowledge. Default 1,000 ms. */
  readonly replicasTimeoutMs?: number;
}

/** Options that a part of MarbleRun sets beside those of its user. */
export interface LinkOptions extends BusOptions {
  /** The longest pause before a command is asked again while Redis is away. */
  readonly mostPauseMs?: number;
}

export const BUS_DEFAULTS = Object.freeze({
  redis: 'redis://localhost:6379',
  run: 'main',
  connectTimeoutMs: 10_000,
  retryTimeoutMs: 0,
  replyTimeoutMs: 10_000,
  busyPoll: false,
  replicas: 0,
  replicasTimeoutMs: 1000,
});

export const LINK_DEFAULTS = Object.freeze({ ...BUS_DEFAULTS, mostPauseMs: 1000 });
