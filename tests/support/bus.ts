/**
 * The Redis that all tests share; each test takes a run of its own on it.
 */
let runs = 0;

export interface Bus {
  readonly redis: string;
  readonly run: string;
}

/** A run that nobody else uses. */
export function freshBus(redis = sharedRedis()): Bus {
  return { redis, run: `test-${process.pid}-${++runs}` };
}

export function sharedRedis(): string {
  const url = process.env['MARBLERUN_TEST_REDIS'];
  if (!url) throw new Error('MARBLERUN_TEST_REDIS is not set: run the tests by "make test"');
  return url;
}
