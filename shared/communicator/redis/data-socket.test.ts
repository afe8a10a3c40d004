/**
 * Large values come on a socket of their own. It is cut, slow, refused or told nonsense here, over real connections to a
 * real Redis; what was asked for is read nevertheless, and each value is the one that was asked for.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Cable, RedisServer, SlowPath, redisCli } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Connection } from './connection.js';
import type { RedisForm } from './redis-form.js';

const BYTES = 100_000;
const KEYS = Array.from({ length: 20 }, (_, i) => `k${i}`);
const textOf = (key: string) => `${key} `.repeat(BYTES / (key.length + 1));

let server: RedisServer;
let cable: Cable;
let redis: Redis;
let cleanUp: (() => unknown)[];
beforeEach(async () => {
  server = await RedisServer.start();
  cable = await Cable.to(server.url);
  redis = new Redis(server.port);
  await Promise.all(KEYS.map((key) => redis.set(key, textOf(key))));
  cleanUp = [() => server.stop(), () => cable.close(), () => redis.disconnect()];
});
afterEach(async () => {
  for (const step of cleanUp.reverse()) await step();
});

function connection(to: string | RedisForm, more = {}): Connection {
  const made = Connection.own({ redis: to, run: 'main', replyTimeoutMs: 1000, connectTimeoutMs: 5000, ...more });
  cleanUp.push(() => made.close());
  return made;
}

const read = (by: Connection, key: string) => by.read({ key, bytes: BYTES, decode: String });
const readAll = (by: Connection) => Promise.all(KEYS.map((key) => read(by, key)));
const connections = async () => (await redisCli(server.port, 'CLIENT', 'LIST')).trim().split('\n').length;
const expected = KEYS.map(textOf);

test('values are read in the order in which they are asked for, on one socket', async () => {
  const by = connection(server.url);
  await by.run((client) => client.ping());
  const before = await connections();
  expect(await readAll(by)).toEqual(expected);
  expect(await readAll(by)).toEqual(expected);
  expect(await connections()).toBe(before + 1);
  expect(await read(by, 'nobody')).toBeUndefined();
});

test('a cut at any place: what had not come is asked for again', async () => {
  const by = connection(cable.url);
  await by.run((client) => client.ping());
  for (const place of [0, 1, 5, 9, 10, 50_000, 100_009, 100_010, 100_011, 250_000]) {
    let came = 0;
    let isCut = false;
    cable.rewrite = (reply) => {
      if (isCut || !reply.includes('k')) return reply;
      came += reply.length;
      if (came <= place) return reply;
      isCut = true;
      setImmediate(() => cable.cut());
      return reply.subarray(0, Math.max(0, reply.length - (came - place)));
    };
    expect(await readAll(by)).toEqual(expected);
    expect(isCut).toBe(true);
  }
});

test('pieces of any size', async () => {
  const path = await SlowPath.to(server.port, 4_000_000, 64 * 1024);
  cleanUp.push(() => path.stop());
  expect(await readAll(connection(path.url))).toEqual(expected);
});

test('a socket that says nothing is left, and the connection beside it is not', async () => {
  const by = connection(cable.url);
  await read(by, 'k0');
  const session = by.session?.id;
  cable.freeze();
  const began = Date.now();
  expect(await readAll(by)).toEqual(expected);
  expect(Date.now() - began).toBeGreaterThan(800);
  expect(Date.now() - began).toBeLessThan(4000);
  expect(by.session?.id).toBe(session);
});

test.each([
  ['-LOADING Redis is loading the dataset in memory\r\n', 'LOADING'],
  ['-CLUSTERDOWN Hash slot not served\r\n', 'CLUSTERDOWN'],
  ['nonsense\r\n', 'no reply'],
  [':1\r\n', 'no reply'],
])('%j is waited out', async (reply) => {
  const by = connection(cable.url);
  await by.run((client) => client.ping());
  const answered = cable.answer('GET', reply, true);
  const asked = read(by, 'k1');
  await answered;
  expect(await asked).toBe(textOf('k1'));
});

test.each([
  ["-NOPERM User x has no permissions to run the 'get' command\r\n", 'MR_REDIS_AUTH'],
  ['-ERR something else\r\n', 'MR_REDIS_REPLY'],
])('%j is refused, with the name of the command', async (reply, code) => {
  const by = connection(cable.url);
  await by.run((client) => client.ping());
  void cable.answer('GET', reply, true);
  await expect(read(by, 'k1')).rejects.toMatchObject({ code, message: expect.stringContaining('GET') });
  expect(await read(by, 'k1')).toBe(textOf('k1'));
});

test('another database, a user and a password; one that changes meanwhile is read from its file again', async () => {
  await redis.call('ACL', 'SETUSER', 'reader', 'on', '>one', '~*', '+@all');
  await redis.select(3);
  await redis.set('k1', 'of database 3');
  const passwordFile = join(server.dir, 'password');
  await writeFile(passwordFile, 'one');
  const form = { host: '127.0.0.1', port: server.port, db: 3, username: 'reader', passwordFile };
  const by = connection(form);
  expect(await read(by, 'k1')).toBe('of database 3');
  await redis.call('ACL', 'SETUSER', 'reader', 'resetpass', '>two');
  await writeFile(passwordFile, 'two');
  const before = by.session?.id;
  const clients = (await redisCli(server.port, 'CLIENT', 'LIST')).split('\n');
  const ofSocket = clients.find((line) => line.includes('cmd=get') && !line.startsWith(`id=${before} `))!;
  await redis.client('KILL', 'ID', Number(/^id=(\d+)/.exec(ofSocket)![1]));
  expect(await read(by, 'k1')).toBe('of database 3');
  expect(by.session?.id).not.toBe(before);
});

test('a close ends what is asked for, and a process is not kept alive by an idle socket', async () => {
  const by = connection(cable.url);
  await read(by, 'k0');
  cable.freeze();
  const asked = read(by, 'k1');
  by.close();
  cable.abandon();
  await expect(asked).rejects.toMatchObject({ code: 'MR_CLOSED' });
});
