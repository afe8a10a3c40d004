import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RedisServer, until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { turnedAway } from './turned-away.js';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

/** Connects as a link does. Returns what was said of the connection in the end. */
async function said(): Promise<string | undefined> {
  const options = { lazyConnect: true, retryStrategy: () => null, enableReadyCheck: false, disableClientInfo: true };
  const redis = new Redis(server.url, options);
  redis.on('error', () => undefined);
  const refusal = turnedAway(redis);
  const outcome = redis.connect().then(() => redis.ping());
  const answered = await outcome.then(
    () => true,
    () => false,
  );
  if (!answered) await until('it was told', () => refusal() !== undefined);
  redis.disconnect();
  return refusal()?.message;
}

test('a Redis that takes the connection has not turned it away', async () => {
  expect(await said()).toBeUndefined();
});

test('a Redis that is full of clients says so before it hangs up', async () => {
  const open = new Redis(server.url);
  await open.ping();
  await open.config('SET', 'maxclients', '1');
  expect(await said()).toBe('ERR max number of clients reached');
  await open.config('SET', 'maxclients', '100');
  open.disconnect();
});
