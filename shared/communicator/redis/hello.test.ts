import { afterEach, expect, test } from '@jest/globals';
import { RedisServer, redisCli, until } from '@marblerun/test-support';
import { Redis, type RedisOptions } from 'ioredis';
import { hello } from './hello.js';

let servers: RedisServer[] = [];
let clients: Redis[] = [];
afterEach(async () => {
  for (const client of clients) client.disconnect();
  await Promise.all(servers.map((server) => server.stop()));
  [servers, clients] = [[], []];
});

async function start(...args: string[]): Promise<RedisServer> {
  const server = await RedisServer.start(args);
  servers.push(server);
  return server;
}

function client({ url }: RedisServer, options: RedisOptions = {}): Redis {
  const redis = new Redis(url, options);
  clients.push(redis);
  return redis;
}

test('a server tells its version, its role, and by which id it knows this connection', async () => {
  const server = await start();
  const redis = client(server);
  const [, version] = /^redis_version:(\S+)/m.exec(await redis.info('server')) ?? [];
  expect(await hello(redis)).toEqual({ id: String(await redis.client('ID')), version, role: 'master' });
  const replica = await start('--replicaof', '127.0.0.1', String(server.port));
  await until('it is a replica', async () => (await hello(client(replica))).role === 'replica');
});

test('a user with no rights at all may ask', async () => {
  const server = await start();
  await redisCli(server.port, 'ACL', 'SETUSER', 'nobody', 'on', '>p', '-@all');
  const redis = client(server, { username: 'nobody', password: 'p', disableClientInfo: true, enableReadyCheck: false });
  await expect(redis.get('x')).rejects.toThrow('NOPERM');
  expect((await hello(redis)).role).toBe('master');
});

test('a connection that speaks RESP3 is told the same', async () => {
  const redis = client(await start());
  const before = await hello(redis);
  await redis.call('HELLO', '3').catch(() => undefined); // ioredis may not read the answer, which is a map
  expect({ ...(await hello(redis)), id: before.id }).toEqual(before);
});
