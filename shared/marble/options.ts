/**
 * The options of a Marble: one type, one frozen table of defaults, one check.
 */
import { LARGE_BYTES } from '../communicator/data/large-data.js';
import { BUS_DEFAULTS, type BusOptions } from '../communicator/redis/bus-options.js';
import type { Environment } from '../communicator/redis/environment.js';
import { checkName } from '../communicator/redis/keys.js';
import { parseRedis } from '../communicator/redis/redis-form.js';
import { bad, checkOptions, delay, flag, having, oneOf, share, time, whole, type Rules } from '../check-options.js';
import type { ClientMetricsOptions } from './client-metrics.js';
import { readClientEnvironment } from './environment.js';
import type { TracingApi } from './tracing.js';
import type { Codec } from './types.js';

export interface MarbleOptions extends BusOptions {
  /**
   * False: a marble is gone as soon as it is taken. There is no lease and no finish; this is the fastest form. Default
   * true.
   */
  readonly monitored?: boolean;
  /**
   * True: sends are kept back and committed in the same atomic step as `finish`. Default false; `work` is always
   * atomic.
   */
  readonly atomic?: boolean;
  /** The time that this worker may be silent before its marbles count as dropped. Default 15,000 ms. */
  readonly leaseMs?: number;
  /**
   * The longest time that one command waits in Redis for a marble. Choose less than the time after which a proxy on the
   * way ends a silent connection. Default 300,000 ms.
   */
  readonly blockMs?: number;
  /**
   * How long the connection of the heartbeat may be gone from Redis before what this worker holds counts as dropped. A
   * connection that comes back in that time goes on. Needs a Monitor that may ask for connections (docs/RECOVERY.md).
   * Default 1,000 ms. With 0, only the lease tells, and a Docker engine that the Monitor asks.
   */
  readonly goneMs?: number;
  /** Time between heartbeats, at most a third of the lease. Default a third of the lease. */
  readonly heartbeatMs?: number;
  /**
   * The place where heartbeats are sent: in a `thread`, which goes on while the event loop is blocked, or in the
   * `loop`, without a thread. Default `thread`.
   */
  readonly heartbeat?: 'thread' | 'loop';
  /** The time after which a held marble is taken back, even from a living worker. Default 0: no limit. */
  readonly timeLimitMs?: number;
  /** Deliveries before a marble counts as dead. Default 5. */
  readonly maxAttempts?: number;
  /** Backoff after the first failure; it doubles with each further one. Default 1,000 ms. */
  readonly retryBaseMs?: number;
  /** The longest backoff. Default 300,000 ms. */
  readonly retryMaxMs?: number;
  /** The share of the backoff that is left to chance, so that herds spread. Default 0.5. */
  readonly retryJitter?: number;
  /** The time that `close` may take while Redis is away; choose more than a worker's `drainMs`. Default 30,000 ms. */
  readonly closeTimeoutMs?: number;
  /** The largest size of encoded data. Default 1,048,576 bytes. */
  readonly maxDataBytes?: number;
  /**
   * Data from this size on lie beside the list, under a key of their own, so that Redis does not copy them with every
   * step (docs/decisions/large-data.md). 0: all data lie in the list. Default 16,384 bytes.
   */
  readonly largeBytes?: number;
  /**
   * Time between looks at the queues while waiting on several, whose marbles come at once otherwise. It finds what a
   * version without wake-ups has sent, or one that was lost (docs/decisions/wake-lists.md). Default 5,000 ms.
   */
  readonly pollMs?: number;
  /** The codec that turns data into bytes. Default JSON; a Uint8Array and an ArrayBuffer pass unchanged. */
  readonly codec?: Codec;
  /** The module `@opentelemetry/api`, for spans of sends and of work. Default: none. */
  readonly tracing?: TracingApi;
  /** `{ registry, Counter, Histogram }` of prom-client, for metrics of this worker. Default: none. */
  readonly metrics?: ClientMetricsOptions;
}

type Optional = 'codec' | 'tracing' | 'metrics';
export type ResolvedOptions = Required<Omit<MarbleOptions, Optional>> & Pick<MarbleOptions, Optional>;

export const MARBLE_DEFAULTS = Object.freeze({
  ...BUS_DEFAULTS,
  monitored: true,
  atomic: false,
  leaseMs: 15_000,
  goneMs: 1000,
  blockMs: 300_000,
  heartbeat: 'thread' as const,
  timeLimitMs: 0,
  maxAttempts: 5,
  retryBaseMs: 1000,
  retryMaxMs: 300_000,
  retryJitter: 0.5,
  closeTimeoutMs: 30_000,
  maxDataBytes: 1_048_576,
  largeBytes: LARGE_BYTES,
  pollMs: 5000,
});

const RULES: Rules = {
  redis: having('a URL such as redis://host:6379, or the long form', (value) => value !== ''),
  run: having('a run name', (value) => checkName('run', value) !== ''),
  connectTimeoutMs: whole(1, 86_400_000),
  retryTimeoutMs: delay,
  replyTimeoutMs: whole(1000, 3_600_000),
  busyPoll: flag,
  replicas: whole(0, 100),
  replicasTimeoutMs: whole(1, 600_000),
  monitored: flag,
  atomic: flag,
  leaseMs: whole(300, 86_400_000),
  goneMs: whole(0, 86_400_000),
  blockMs: whole(100, 3_600_000),
  heartbeatMs: whole(100, 28_800_000),
  heartbeat: oneOf('thread', 'loop'),
  timeLimitMs: time,
  maxAttempts: whole(1, 1_000_000),
  retryBaseMs: delay,
  retryMaxMs: delay,
  retryJitter: share,
  closeTimeoutMs: time,
  maxDataBytes: whole(1, 512 * 1_048_576),
  largeBytes: whole(0, 512 * 1_048_576),
  pollMs: whole(1, 3_600_000),
  codec: having('an object with encode and decode', isCodec),
  tracing: having('the module @opentelemetry/api', (value) => has(value, 'trace', 'context')),
  metrics: having('{ registry, Counter, Histogram } of prom-client', isMetrics),
};

/** Fills in the environment (MARBLERUN_REDIS or REDIS_URL, and MARBLERUN_RUN, or their files) and the defaults. Throws MR_BAD_OPTION, MR_BAD_NAME. */
export function resolveOptions(given: MarbleOptions = {}, env: Environment = process.env): ResolvedOptions {
  checkOptions('Marble', given, RULES);
  if (given.redis !== undefined) parseRedis(given.redis, 'Marble.redis');
  const { redis, run } = readClientEnvironment(env);
  if (redis) parseRedis(redis.value, redis.variable);
  if (run) checkOptions('environment', { [run.variable]: run.value }, { [run.variable]: RULES['run']! });
  const fromEnv = { redis: redis?.value, run: run?.value };
  if (given.monitored === false && given.atomic)
    bad('Marble.atomic', true, 'false where monitored is false, because there is no finish to commit with');
  const options = { ...MARBLE_DEFAULTS, ...defined(fromEnv), ...defined(given) };
  const heartbeatMs = options.heartbeatMs ?? Math.floor(options.leaseMs / 3);
  if (heartbeatMs * 3 > options.leaseMs) {
    bad(
      'Marble.heartbeatMs',
      heartbeatMs,
      `at most a third of leaseMs (${options.leaseMs}), so that two heartbeats may be lost`,
    );
  }
  return { ...options, heartbeatMs };
}

function defined<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function has(value: unknown, ...names: string[]): boolean {
  return typeof value === 'object' && value !== null && names.every((name) => name in value);
}

function isMetrics(value: unknown): boolean {
  if (!has(value, 'registry', 'Counter', 'Histogram')) return false;
  const { registry, Counter, Histogram } = value as Partial<ClientMetricsOptions>;
  return (
    typeof registry?.getSingleMetric === 'function' && [Counter, Histogram].every((one) => typeof one === 'function')
  );
}

function isCodec(value: unknown): boolean {
  const codec = value as Partial<Codec> | null;
  return typeof codec?.encode === 'function' && typeof codec.decode === 'function';
}
