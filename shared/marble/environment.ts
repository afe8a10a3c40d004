/**
 * Reads from the environment where Redis is, and which run to use.
 *
 * What may go wrong: a variable is given twice, or its file cannot be read. A name that begins with MARBLERUN_ and is
 * unknown is probably misspelt, so the process warns about it once. (A service takes it for a mistake, since such
 * variables are all meant for it.)
 */
import { closest } from 'fastest-levenshtein';
import {
  isServiceLink,
  readRedisVariable,
  readVariable,
  type Environment,
  type Given,
} from '../communicator/redis/environment.js';

/**
 * The variables of clients, and those of the services, which may share an environment with a client.
 * tests/client-environment.test.ts compares them with the services' own tables.
 */
const VARIABLES = [
  ...['MARBLERUN_REDIS', 'MARBLERUN_RUN'],
  ...['MARBLERUN_HOST', 'MARBLERUN_PORT', 'MARBLERUN_HOSTS', 'MARBLERUN_LOG_LEVEL', 'MARBLERUN_DRAIN_MS'],
  ...['MARBLERUN_TOKEN', 'MARBLERUN_READ_TOKEN', 'MARBLERUN_METRIC_HOLDERS', 'MARBLERUN_METRIC_QUEUES'],
  'MARBLERUN_METRIC_BATCHES',
  ...[
    'MARBLERUN_SWEEP_MS',
    'MARBLERUN_CONNECTIONS_MS',
    'MARBLERUN_PROMOTE_MS',
    'MARBLERUN_ORPHANS_MS',
    'MARBLERUN_MAX_ATTEMPTS',
  ],
  ...['MARBLERUN_STILL_MS', 'MARBLERUN_DEAD_KEEP', 'MARBLERUN_DEAD_KEEP_MS'],
  ...['MARBLERUN_DOCKER', 'MARBLERUN_DOCKER_CERTS', 'MARBLERUN_RESTARTS_PER_HOUR'],
  ...['MARBLERUN_SCALE', 'MARBLERUN_SCALE_UP_MS', 'MARBLERUN_SCALE_DOWN_MS'],
  ...['MARBLERUN_PROXY_SOCKET', 'MARBLERUN_PROXY_ENGINE', 'MARBLERUN_PROXY_ALLOW'],
  ...['MARBLERUN_LANES', 'MARBLERUN_HOP_LIMIT', 'MARBLERUN_POLL_MS'],
  ...['MARBLERUN_BATCH_MARBLES', 'MARBLERUN_BATCH_BYTES', 'MARBLERUN_AUDIT_MS'],
  ...['MARBLERUN_CONNECT_TIMEOUT_MS', 'MARBLERUN_RETRY_TIMEOUT_MS', 'MARBLERUN_REPLY_TIMEOUT_MS'],
];
const OF_TESTS = 'MARBLERUN_TEST_';

const told = new Set<string>();

/** Reads the settings of a client. Throws MR_BAD_OPTION. */
export function readClientEnvironment(env: Environment): { redis: Given | undefined; run: Given | undefined } {
  for (const [name, value = ''] of Object.entries(env)) warnOf(name, value);
  return { redis: readRedisVariable(env), run: readVariable(env, 'MARBLERUN_RUN') };
}

function warnOf(name: string, value: string): void {
  if (!name.startsWith('MARBLERUN_') || name.startsWith(OF_TESTS) || value === '') return;
  if (VARIABLES.includes(name.replace(/_FILE$/, '')) || isServiceLink(name, value) || told.has(name)) return;
  told.add(name);
  process.emitWarning(
    `${name}: there is no such variable; did you mean ${closest(name, VARIABLES)}?`,
    'MarbleRunWarning',
  );
}
