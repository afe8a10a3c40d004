/**
 * Runs an Elevator inside another program, for tests and development: it carries marbles until it is stopped.
 *
 * What may go wrong: an option or a lane has a mistake (MR_BAD_OPTION, MR_BAD_LANES), or the Redis of a run is away
 * when it starts. After the start it waits for Redis, as the service does.
 */
import { createLogger, readOptions, runInside, variablesOf } from '@marblerun/service';
import { Communicator, type RedisForm } from 'marblerun/communicator';
import { Registry } from 'prom-client';
import { buildElevator } from './app.js';
import { readConfig, type ElevatorConfig } from './config.js';
import { Elevator } from './elevator.js';

/** The variables of the Elevator in camel case: `MARBLERUN_POLL_MS` is `pollMs` (docs/CONFIGURATION.md). */
export interface ElevatorOptions extends Partial<Omit<ElevatorConfig, 'lanes' | 'access' | 'batch'>> {
  /** The runs and lanes, as in MARBLERUN_LANES. */
  readonly runs: Readonly<Record<string, { readonly redis?: string | RedisForm; readonly run?: string }>>;
  readonly lanes: readonly Readonly<Record<string, unknown>>[];
  /** The Redis of runs that name none. Default: as for a client, from the environment. */
  readonly redis?: string | RedisForm;
  readonly batchMarbles?: number;
  readonly batchBytes?: number;
  /** The port of its API; 0: any free port. Default: it serves nothing. */
  readonly port?: number;
  readonly readToken?: string;
}

export interface RunningElevator {
  /** The address of its API, where it serves one. */
  readonly url: string | undefined;
  /** Lands the transits under way, then disconnects. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts an Elevator and resolves when it carries. Unlike the service it listens on this machine only and logs warnings
 * only, unless told otherwise.
 */
export async function startElevator({ runs, lanes, ...options }: ElevatorOptions): Promise<RunningElevator> {
  const standard = { host: '127.0.0.1', logLevel: 'warn', lanes: { runs, lanes } };
  const variables = { ...variablesOf({ ...standard, ...options }), MARBLERUN_RUN: undefined };
  const config = readOptions('startElevator', () => readConfig(variables));
  await reach(config);
  return options.port === undefined ? carry(config) : runInside(buildElevator(config));
}

/** The time that a Redis may take which is started at the same moment. */
const REACH_MS = 3000;

/** Reaches all runs. Throws where one cannot be reached. */
async function reach({ lanes }: ElevatorConfig): Promise<void> {
  for (const { redis, run } of lanes.flatMap(({ from, to }) => [from, to])) {
    const communicator = new Communicator({ redis, run, connectTimeoutMs: REACH_MS });
    await communicator.connect().finally(() => communicator.close());
  }
}

function carry(config: ElevatorConfig): RunningElevator {
  const elevator = new Elevator(config, createLogger('elevator', config.logLevel), new Registry());
  elevator.start();
  return { url: undefined, stop: () => elevator.stop() };
}
