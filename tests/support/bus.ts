/**
 * The Redis that all tests share; each test takes a run of its own on it.
 */
import { randomBytes } from 'node:crypto';
import { RedisServer } from './redis-server.js';

export interface Bus {
  readonly redis: string;
  readonly run: string;
}

const SHARED = 'MARBLERUN_TEST_REDIS';

/** Returns a run that nobody else uses. */
export function freshBus(redis = sharedRedis()): Bus {
  return { redis, run: `test-${randomBytes(6).toString('hex')}` };
}

export function sharedRedis(): string {
  const url = process.env[SHARED];
  if (!url) throw new Error(`${SHARED} is not set: run the tests by "make test"`);
  return url;
}

type Hook = (work: () => Promise<void>) => void;

/**
 * Gives the tests of a file a server of their own, for those that count what a server does: other files work on the shared
 * one meanwhile. Takes Jest's hooks, because programs that are no tests load this folder too.
 */
export function ownRedis(beforeAll: Hook, afterAll: Hook): void {
  let server: RedisServer | undefined;
  beforeAll(async () => {
    server = await RedisServer.start();
    process.env[SHARED] = server.url; // of this file alone: Jest gives each an environment
  });
  afterAll(async () => {
    await server?.stop();
  });
}
