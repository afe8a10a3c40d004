/**
 * The Redis that all tests share; each test takes a run of its own on it.
 */
import { randomBytes } from 'node:crypto';

export interface Bus {
  readonly redis: string;
  readonly run: string;
}

/** Returns a run that nobody else uses. */
export function freshBus(redis = sharedRedis()): Bus {
  return { redis, run: `test-${randomBytes(6).toString('hex')}` };
}

export function sharedRedis(): string {
  const url = process.env['MARBLERUN_TEST_REDIS'];
  if (!url) throw new Error('MARBLERUN_TEST_REDIS is not set: run the tests by "make test"');
  return url;
}
