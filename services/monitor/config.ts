/**
 * The settings of the Monitor, read from its environment.
 */
import {
  busTimeouts,
  commonVariables,
  port,
  readEnvironment,
  timeoutVariables,
  tokens,
  wholeNumber,
  type Access,
  type BusTimeouts,
} from '@marblerun/service';
import { checkName } from 'marblerun/communicator';
import { z } from 'zod';
import { checkEngine, engineAddress, engineVariables, type EngineAddress } from './docker/address.js';

const runs = z.string().transform((list, context) => {
  const names = [...new Set(list.split(',').map((name) => name.trim()))];
  for (const name of names) {
    try {
      checkName('run', name);
    } catch (error) {
      context.addIssue((error as Error).message);
    }
  }
  return names;
});

/**
 * The patience with Redis. A half-open connection must not hold up recovery for long, and none of the Monitor's
 * commands takes Redis more than some ms.
 */
const TIMEOUTS = { connectTimeoutMs: 5000, retryTimeoutMs: 5000, replyTimeoutMs: 3000 };

const variables = z.object({
  ...commonVariables,
  ...timeoutVariables(TIMEOUTS),
  MARBLERUN_PORT: port(9464),
  MARBLERUN_RUN: runs.prefault('main').describe('runs to watch, on one Redis, separated by commas'),
  MARBLERUN_SWEEP_MS: wholeNumber(10, 3_600_000).default(1000).describe('ms between sweeps for dropped marbles'),
  MARBLERUN_CONNECTIONS_MS: wholeNumber(10, 3_600_000)
    .default(500)
    .describe('ms between looks for workers whose connection to Redis is gone'),
  MARBLERUN_PROMOTE_MS: wholeNumber(10, 3_600_000)
    .default(250)
    .describe('most ms between looks for delayed marbles that are due'),
  MARBLERUN_ORPHANS_MS: wholeNumber(100, 86_400_000)
    .default(30_000)
    .describe('ms between searches for held marbles whose holder has no entry'),
  MARBLERUN_AUDIT_MS: wholeNumber(100, 86_400_000)
    .default(60_000)
    .describe(
      'ms between audits, which compare the counts with what exists; marbles that are missing twice are reported',
    ),
  MARBLERUN_MAX_ATTEMPTS: wholeNumber(1, 1_000_000)
    .default(5)
    .describe('deliveries before a marble is dead, where neither the marble nor its worker says how many'),
  MARBLERUN_STILL_MS: wholeNumber(60_000, 31_536_000_000)
    .default(604_800_000)
    .describe('ms after which a queue that is empty and unused is forgotten, with its counts'),
  MARBLERUN_DEAD_KEEP: wholeNumber(0, 100_000_000)
    .default(100_000)
    .describe('most dead letters of a run to keep; the oldest ones above that are removed; 0: any number'),
  MARBLERUN_DEAD_KEEP_MS: wholeNumber(0, 315_360_000_000)
    .default(7_776_000_000)
    .describe('ms to keep a dead letter before it is removed; 0: for ever'),
  MARBLERUN_METRIC_HOLDERS: wholeNumber(0, 100_000)
    .default(200)
    .describe('most holders with a metric of their own, the longest silent first'),
  MARBLERUN_METRIC_QUEUES: wholeNumber(0, 100_000)
    .default(200)
    .describe('most queues with metrics of their own: the deepest, the longest waiting, and those that fail most'),
  MARBLERUN_METRIC_BATCHES: wholeNumber(0, 100_000)
    .default(50)
    .describe(
      'most open batches with metrics of their own: those with most dead, the oldest, and those with most left',
    ),
  ...engineVariables,
  MARBLERUN_RESTARTS_PER_HOUR: wholeNumber(0, 1000)
    .default(6)
    .describe(
      'most containers of a run that are restarted within an hour because a worker in them hangs (label `marblerun.restart=hung`, docs/RECOVERY.md); 0: none. Needs `MARBLERUN_DOCKER`',
    ),
  MARBLERUN_SCALE: z
    .enum(['off', 'on'])
    .default('off')
    .describe(
      'whether compose services with labels `marblerun.scale.*` are scaled (docs/SCALING-COMPOSE.md). Needs `MARBLERUN_DOCKER`',
    ),
  MARBLERUN_SCALE_UP_MS: wholeNumber(100, 3_600_000)
    .default(15_000)
    .describe('least ms between two steps before a container is added'),
  MARBLERUN_SCALE_DOWN_MS: wholeNumber(100, 86_400_000)
    .default(60_000)
    .describe('least ms without a step and without need before a container is ended'),
  MARBLERUN_TOKEN: tokens.describe(
    'bearer token for requests that change something, or name:token; without one, changes are refused. Several tokens, for rotation, are separated by commas or lines',
  ),
});

export const monitorVariables = variables.superRefine((given, context) => {
  const wrong = checkEngine(given);
  if (wrong) context.addIssue({ code: 'custom', path: [wrong.variable], message: wrong.mistake });
  if (given.MARBLERUN_SCALE === 'on' && given.MARBLERUN_DOCKER === undefined)
    context.addIssue({ code: 'custom', path: ['MARBLERUN_SCALE'], message: 'needs MARBLERUN_DOCKER' });
});

export interface MonitorConfig {
  readonly redis: string;
  readonly timeouts: BusTimeouts;
  readonly runs: readonly string[];
  readonly host: string;
  readonly hosts: readonly string[];
  readonly port: number;
  readonly logLevel: string;
  readonly drainMs: number;
  readonly sweepMs: number;
  readonly connectionsMs: number;
  readonly promoteMs: number;
  readonly orphansMs: number;
  readonly auditMs: number;
  readonly maxAttempts: number;
  readonly stillMs: number;
  readonly deadKeep: number;
  readonly deadKeepMs: number;
  readonly metricHolders: number;
  readonly metricQueues: number;
  readonly metricBatches: number;
  /** The Docker engine to ask; undefined where there is none. */
  readonly docker: EngineAddress | undefined;
  readonly restartsPerHour: number;
  readonly scale: 'off' | 'on';
  readonly scaleUpMs: number;
  readonly scaleDownMs: number;
  readonly access: Access;
}

/** Reads the settings. Throws MR_BAD_CONFIG. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): MonitorConfig {
  const variables = readEnvironment(monitorVariables, env);
  return {
    redis: variables.MARBLERUN_REDIS,
    timeouts: busTimeouts(variables),
    runs: variables.MARBLERUN_RUN,
    host: variables.MARBLERUN_HOST,
    hosts: variables.MARBLERUN_HOSTS,
    port: variables.MARBLERUN_PORT,
    logLevel: variables.MARBLERUN_LOG_LEVEL,
    drainMs: variables.MARBLERUN_DRAIN_MS,
    sweepMs: variables.MARBLERUN_SWEEP_MS,
    connectionsMs: variables.MARBLERUN_CONNECTIONS_MS,
    promoteMs: variables.MARBLERUN_PROMOTE_MS,
    orphansMs: variables.MARBLERUN_ORPHANS_MS,
    auditMs: variables.MARBLERUN_AUDIT_MS,
    maxAttempts: variables.MARBLERUN_MAX_ATTEMPTS,
    stillMs: variables.MARBLERUN_STILL_MS,
    deadKeep: variables.MARBLERUN_DEAD_KEEP,
    deadKeepMs: variables.MARBLERUN_DEAD_KEEP_MS,
    metricHolders: variables.MARBLERUN_METRIC_HOLDERS,
    metricQueues: variables.MARBLERUN_METRIC_QUEUES,
    metricBatches: variables.MARBLERUN_METRIC_BATCHES,
    docker: engineAddress(variables),
    restartsPerHour: variables.MARBLERUN_RESTARTS_PER_HOUR,
    scale: variables.MARBLERUN_SCALE,
    scaleUpMs: variables.MARBLERUN_SCALE_UP_MS,
    scaleDownMs: variables.MARBLERUN_SCALE_DOWN_MS,
    access: { tokens: variables.MARBLERUN_TOKEN, readTokens: variables.MARBLERUN_READ_TOKEN },
  };
}
