/** A whole floor of machines goes at once: 1,000 processes, each missed by its own connection. */
import { expect, test } from '@jest/globals';
import { Program, RedisServer, until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Marble } from 'marblerun';
import { keysOf } from '@marblerun/internal';
import { startMonitor } from '../services.js';

const CROWD = new URL('crowd.js', import.meta.url).pathname;
const PROCESSES = 1000;
const MARBLES = 10;
/** With slack for a machine that has much else to do. */
const SOON_MS = 5000;

test('what 1,000 processes held that are killed at once is back within seconds', async () => {
  const server = await RedisServer.start();
  const redis = new Redis(server.url);
  const marble = new Marble({ redis: server.url });
  const keys = keysOf('main');
  await marble.sendMany(
    'in',
    Array.from({ length: PROCESSES * MARBLES }, (_, i) => i),
  );
  const crowd = new Program(CROWD, { args: [server.url, 'main', ...[PROCESSES, 1, MARBLES, 5000].map(String)] });
  const monitor = await startMonitor({ MARBLERUN_REDIS: server.url, MARBLERUN_SWEEP_MS: '1000' });
  try {
    await crowd.line(/^ready$/, 60_000);
    const seen = async () => (await redis.hvals(keys.hearts)).filter((text) => !text.includes(' - ')).length;
    await until('all are seen', async () => (await seen()) === PROCESSES, { everyMs: 100 });
    expect(await redis.llen(keys.queue('in'))).toBe(0);
    const killedAt = Date.now();
    await crowd.kill();
    await until('all are back', async () => (await redis.llen(keys.queue('in'))) === PROCESSES * MARBLES);
    const ms = Date.now() - killedAt;
    console.info(`${PROCESSES * MARBLES} marbles of ${PROCESSES} processes back in ${ms} ms`);
    expect(ms).toBeLessThan(SOON_MS);
    expect(await redis.exists(keys.holders)).toBe(0);
    await until('nothing is noted of them', async () => (await redis.exists(keys.hearts)) === 0);
  } finally {
    await Promise.all([crowd.kill(), monitor.program.kill(), marble.close()]);
    redis.disconnect();
    await server.stop();
  }
}, 180_000);
