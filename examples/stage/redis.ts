/**
 * A Redis for an example: in a container where a Docker engine answers, otherwise as a process. What may go wrong: the
 * machine has neither. Then one sentence says what to install.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { RedisServer } from '@marblerun/test-support';
import { DockerRedis } from './docker-redis.js';

export const REDIS_CHOICES = ['auto', 'docker', 'local'] as const;
export type RedisChoice = (typeof REDIS_CHOICES)[number];

export interface StageRedis {
  readonly url: string;
  /** Stops it and leaves nothing behind. Safe to call twice. */
  stop(): Promise<void>;
}

/** A mistake that a person has to put right; it is shown without a stack. */
export class CannotPlay extends Error {}

const NEED_REDIS = fileURLToPath(new URL('../../../scripts/need-redis.sh', import.meta.url));

/** Finds out, once, how Redis is started here. The caller may start as many as it likes. */
export async function redisStarter(
  choice: RedisChoice,
  say: (text: string) => void,
): Promise<() => Promise<StageRedis>> {
  if (choice !== 'local') {
    const trouble = await DockerRedis.trouble(say);
    if (!trouble) {
      say('each Redis is a container');
      return startInDocker;
    }
    if (choice === 'docker') throw new CannotPlay(`Redis cannot be started in Docker: ${trouble}`);
    say(`no Redis in Docker (${trouble}): using redis-server`);
  }
  needRedisServer();
  return () => RedisServer.start();
}

async function startInDocker(): Promise<StageRedis> {
  try {
    return await DockerRedis.start();
  } catch (error) {
    throw new CannotPlay(`${(error as Error).message}; REDIS=local (--redis local) uses redis-server instead`);
  }
}

function needRedisServer(): void {
  if (spawnSync(NEED_REDIS, { stdio: 'inherit' }).status !== 0) throw new CannotPlay('there is no Redis to play on');
  const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  const major = Number(/v=(\d+)/.exec(stdout)?.[1]);
  if (major < 7) throw new CannotPlay(`redis-server 7.0 or newer is needed, this is: ${stdout.trim()}`);
}
