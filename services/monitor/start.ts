/**
 * Runs a Monitor inside another program, for tests and development: it sweeps and promotes until it is stopped.
 *
 * What may go wrong: an option has a mistake (MR_BAD_OPTION), or Redis is away when it starts. After the start it waits
 * for Redis, as the service does.
 */
import { Troubles, createLogger, readOptions, runInside, variablesOf } from '@marblerun/service';
import { Communicator, type RedisForm } from 'marblerun/communicator';
import { Registry } from 'prom-client';
import { buildMonitor } from './app.js';
import { watchDocker } from './docker/docker.js';
import { readConfig, type MonitorConfig } from './config.js';
import { RunMonitor } from './run-monitor.js';
import { createSweepMetrics } from './sweep-metrics.js';

/** The variables of the Monitor in camel case: `MARBLERUN_SWEEP_MS` is `sweepMs` (docs/CONFIGURATION.md). */
export interface MonitorOptions extends Partial<Omit<MonitorConfig, 'redis' | 'runs' | 'docker' | 'access'>> {
  /** The Redis of the run. Default: as for a client, from the environment. */
  readonly redis?: string | RedisForm;
  readonly run?: string | readonly string[];
  /** The port of its page and API; 0: any free port. Default: it serves nothing. */
  readonly port?: number;
  /** The Docker engine to ask, such as `unix:///var/run/docker.sock`. */
  readonly docker?: string;
  readonly dockerCerts?: string;
  readonly token?: string;
  readonly readToken?: string;
}

export interface RunningMonitor {
  /** The address of its page, where it serves one. */
  readonly url: string | undefined;
  /** Ends the work under way, then disconnects. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts a Monitor and resolves when it watches. Unlike the service it listens on this machine only and logs warnings
 * only, unless told otherwise.
 */
export async function startMonitor(options: MonitorOptions = {}): Promise<RunningMonitor> {
  const variables = variablesOf({ host: '127.0.0.1', logLevel: 'warn', ...options });
  const config = readOptions('startMonitor', () => readConfig(variables));
  await reach(config);
  return options.port === undefined ? watch(config) : runInside(buildMonitor(config));
}

/** The time that a Redis may take which is started at the same moment. */
const REACH_MS = 3000;

/** Reaches the Redis of all runs. Throws where one cannot be reached. */
async function reach({ redis, runs }: MonitorConfig): Promise<void> {
  for (const run of runs) {
    const communicator = new Communicator({ redis, run, connectTimeoutMs: REACH_MS });
    await communicator.connect().finally(() => communicator.close());
  }
}

function watch(config: MonitorConfig): RunningMonitor {
  const log = createLogger('monitor', config.logLevel);
  const registry = new Registry();
  const metrics = createSweepMetrics(registry, config.runs);
  const troubles = new Troubles(log);
  const docker = watchDocker(config, { log, troubles, registry });
  const parts = { log, metrics, troubles, docker };
  const monitors = config.runs.map((run) => new RunMonitor(run, config, parts));
  const running = docker ? [docker, ...monitors] : monitors;
  for (const part of running) part.start();
  const stop = async () => {
    await Promise.all(running.map((part) => part.stop()));
  };
  return { url: undefined, stop };
}
