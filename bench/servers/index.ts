/** The servers that contestants need, and whether this machine has them. */
import { fileURLToPath } from 'node:url';
import { PostgresServer } from './postgres.js';
import { find } from './programs.js';
import { BenchRedis, type Safety } from './redis.js';
import { SeveralRedis } from './several.js';
import { SpawnedServer, type Place, type SpawnOptions } from './spawned.js';
import type { Server } from './server.js';

export type ServerKind =
  'redis' | 'several Redis' | 'Redis Cluster' | 'beanstalkd' | 'NATS' | 'PostgreSQL' | 'bunqueue';

interface Kind {
  readonly program: string;
  /** How to get its program. */
  readonly install: string;
  start(program: string, safety?: Safety): Promise<Server>;
}

const BUNQUEUE = fileURLToPath(new URL('../../node_modules/bunqueue/dist/cli/index.js', import.meta.url));
/** beanstalkd takes 64 KiB where it is not told otherwise. */
const BEANSTALKD_MOST_BYTES = 16_777_216;

const REDIS = 'Debian: apt-get install redis-server';

const KINDS: Record<ServerKind, Kind> = {
  redis: {
    program: 'redis-server',
    install: REDIS,
    start: (_, safety) => BenchRedis.start(safety),
  },
  'several Redis': { program: 'redis-server', install: REDIS, start: () => SeveralRedis.start() },
  'Redis Cluster': { program: 'redis-server', install: REDIS, start: () => SeveralRedis.startCluster() },
  beanstalkd: {
    program: 'beanstalkd',
    install: 'Debian: apt-get install beanstalkd',
    start: spawned(({ port }) => ['-l', '127.0.0.1', '-p', `${port}`, '-z', `${BEANSTALKD_MOST_BYTES}`]),
  },
  NATS: {
    program: 'nats-server',
    install: 'Debian: apt-get install nats-server',
    start: spawned(({ port, dir }) => ['-a', '127.0.0.1', '-p', `${port}`, '-js', '-sd', dir]),
  },
  PostgreSQL: {
    program: 'postgres',
    install: 'Debian: apt-get install postgresql',
    start: (program) => PostgresServer.start(program),
  },
  bunqueue: {
    program: 'bun',
    install: 'npm has no Bun for this kind of machine',
    start: spawned(
      ({ port, otherPort }) => [BUNQUEUE, 'start', '--tcp-port', `${port}`, '--http-port', `${otherPort}`],
      { HOST: '127.0.0.1', RATE_LIMIT_MAX_REQUESTS: '1000000000' },
    ),
  },
};

function spawned(
  args: (place: Place) => string[],
  env: SpawnOptions['env'] = {},
): (program: string) => Promise<Server> {
  return (program) => SpawnedServer.start({ command: (place) => [program, ...args(place)], env });
}

export function startServer(kind: ServerKind, safety?: Safety): Promise<Server> {
  const { program, start } = KINDS[kind];
  return start(find(program)!, safety);
}

/** Says what is missing, and how to get it; undefined where all is there. */
export function missing(kind: ServerKind): string | undefined {
  const { program, install } = KINDS[kind];
  return find(program) ? undefined : `${program} is not on the PATH (${install})`;
}
