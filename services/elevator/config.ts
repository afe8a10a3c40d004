/**
 * The settings of the Elevator, read from its environment.
 */
import {
  busTimeouts,
  commonVariables,
  port,
  readEnvironment,
  timeoutVariables,
  wholeNumber,
  type Access,
  type BusTimeouts,
} from '@marblerun/service';
import { z } from 'zod';
import { readLanes, type Lane } from './lanes.js';

export const elevatorVariables = z.object({
  ...commonVariables,
  ...timeoutVariables({ connectTimeoutMs: 5000, retryTimeoutMs: 5000, replyTimeoutMs: 10_000 }),
  MARBLERUN_PORT: port(9465),
  MARBLERUN_LANES: z
    .string('must be given: the runs and lanes as JSON')
    .describe('runs and lanes as JSON; see docs/CONFIGURATION.md'),
  MARBLERUN_HOP_LIMIT: wholeNumber(1, 1000)
    .default(8)
    .describe('runs that a marble may travel through; one more, and it is dead'),
  MARBLERUN_POLL_MS: wholeNumber(1, 60_000)
    .default(100)
    .describe('ms between looks for marbles to carry while there are none'),
  MARBLERUN_BATCH_MARBLES: wholeNumber(1, 5000).default(2500).describe('most marbles in a transit'),
  MARBLERUN_BATCH_BYTES: wholeNumber(1, 67_108_864).default(1_048_576).describe('bytes at which a transit is full'),
});

export interface ElevatorConfig {
  readonly lanes: readonly Lane[];
  readonly timeouts: BusTimeouts;
  readonly host: string;
  readonly hosts: readonly string[];
  readonly port: number;
  readonly logLevel: string;
  readonly drainMs: number;
  readonly access: Access;
  readonly hopLimit: number;
  readonly pollMs: number;
  readonly batch: { readonly marbles: number; readonly bytes: number };
}

/** Reads the settings. Throws MR_BAD_CONFIG or MR_BAD_LANES. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): ElevatorConfig {
  const variables = readEnvironment(elevatorVariables, env);
  return {
    lanes: readLanes(variables.MARBLERUN_LANES, variables.MARBLERUN_REDIS),
    timeouts: busTimeouts(variables),
    host: variables.MARBLERUN_HOST,
    hosts: variables.MARBLERUN_HOSTS,
    port: variables.MARBLERUN_PORT,
    logLevel: variables.MARBLERUN_LOG_LEVEL,
    drainMs: variables.MARBLERUN_DRAIN_MS,
    access: { tokens: [], readTokens: variables.MARBLERUN_READ_TOKEN },
    hopLimit: variables.MARBLERUN_HOP_LIMIT,
    pollMs: variables.MARBLERUN_POLL_MS,
    batch: { marbles: variables.MARBLERUN_BATCH_MARBLES, bytes: variables.MARBLERUN_BATCH_BYTES },
  };
}
