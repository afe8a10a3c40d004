/**
 * The servers under tests belong to their test, even where several suites are given the same free port.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RedisServer, redisCli } from '@marblerun/test-support';

let first: RedisServer;
beforeAll(async () => {
  first = await RedisServer.start();
});
afterAll(() => first.stop());

test('a server whose port another one has is not taken for started', async () => {
  await expect(RedisServer.start(['--port', String(first.port)])).rejects.toThrow('redis-server ended with 1');
  expect(await redisCli(first.port, 'PING')).toBe('PONG');
});

test('what has started listens, is its own process, and can be started again on its port', async () => {
  const second = await RedisServer.start();
  try {
    const pid = async () => /process_id:(\d+)/.exec(await redisCli(second.port, 'INFO', 'server'))?.[1];
    expect(await pid()).toBe(String(second.pid));
    await second.kill();
    await second.restart();
    expect(await pid()).toBe(String(second.pid));
  } finally {
    await second.stop();
  }
});
