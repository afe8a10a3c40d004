/**
 * A Redis that may evict: each process that uses it says so, once, unless its user may not know.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Program, RedisServer, redisCli } from '@marblerun/test-support';

const SENDS = `
  import { Marble } from ${JSON.stringify(new URL('../../marble/index.js', import.meta.url).href)};
  const redis = JSON.parse(process.argv[2]);
  const marbles = [new Marble({ redis }), new Marble({ redis, run: 'other' })];
  for (const marble of marbles) await marble.send('q', 1);
  for (const marble of marbles) await marble.check('q'); // with a heartbeat thread
  for (const marble of marbles) await marble.close();
  console.log('done');
`;
let server: RedisServer;
beforeEach(async () => {
  server = await RedisServer.start();
});
afterEach(() => server.stop());

async function warnings(redis: unknown): Promise<string[]> {
  const file = join(server.dir, 'sends.mjs');
  await writeFile(file, SENDS);
  const program = new Program(file, { args: [JSON.stringify(redis)] });
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect(program.lines).toEqual(['done']);
  return program.errors.filter((line) => line.includes('MR_REDIS_MAY_EVICT'));
}

test.each(['allkeys-lru', 'allkeys-random', 'volatile-ttl'])(
  '%s: told once a process, with what to do',
  async (policy) => {
    await redisCli(server.port, 'CONFIG', 'SET', 'maxmemory-policy', policy);
    const told = await warnings(server.url);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(`maxmemory-policy ${policy}`);
    expect(told[0]).toContain('noeviction');
  },
);

test('noeviction is nothing to tell of', async () => {
  expect(await warnings(server.url)).toEqual([]);
});

test('a user that may not read it is not troubled', async () => {
  await redisCli(server.port, 'CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
  await redisCli(server.port, 'ACL', 'SETUSER', 'some', 'on', '>p', '~*', '+@all', '-info', '-config');
  const redis = { host: '127.0.0.1', port: server.port, username: 'some', password: 'p' };
  expect(await warnings(redis)).toEqual([]);
});
