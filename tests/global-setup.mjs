/**
 * One Redis of its own for all tests that need just a bus; each test takes a run of its own on it.
 * Stories that kill, fill or restart Redis start one themselves.
 */
import { RedisServer } from '@marblerun/test-support';

export default async function globalSetup() {
  globalThis.marblerunTestRedis = await RedisServer.start();
  process.env.MARBLERUN_TEST_REDIS = globalThis.marblerunTestRedis.url;
}
