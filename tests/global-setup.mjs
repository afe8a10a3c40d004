/**
 * Starts one Redis for all tests that need only a bus; each test takes a run of its own on it. Stories that kill, fill
 * or restart Redis start their own.
 */
import { RedisServer } from '@marblerun/test-support';

export default async function globalSetup() {
  globalThis.marblerunTestRedis = await RedisServer.start();
  process.env.MARBLERUN_TEST_REDIS = globalThis.marblerunTestRedis.url;
}
