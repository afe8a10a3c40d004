/**
 * The way to one Redis. Clients on one bus in one process share one connection, and none of them notices the others. A
 * connection that was given up, of which Redis has not heard yet, is ended there before anything is asked again, and
 * nobody else is ended with it.
 */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Cable, RedisServer, redisCli, until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Communicator } from '../communicator.js';
import { encodeEnvelope } from '../data/envelope.js';

let server: RedisServer;
const open = new Set<Communicator>();
beforeEach(async () => {
  server = await RedisServer.start();
});
afterEach(async () => {
  for (const one of open) one.disconnect();
  open.clear();
  await server.stop();
});

function communicator(run: string, sharing: 'own' | 'shared' = 'shared'): Communicator {
  const made = new Communicator({ redis: server.url, run }, sharing);
  open.add(made);
  return made;
}

const send = (on: Communicator, id: string) =>
  on.push([{ kind: 'back', queue: 'a', envelope: encodeEnvelope({ id, attempt: 0, sentAt: 0, type: 'j' }, '0') }]);
const idsIn = async (on: Communicator) => (await on.dump('a')).map(({ id }) => id);

/** The ids by which Redis knows its clients, without the client that asks. */
async function clients(): Promise<string[]> {
  const list = (await redisCli(server.port, 'CLIENT', 'LIST'))
    .split('\n')
    .filter((line) => !line.includes('cmd=client'));
  return list.map((line) => /id=(\d+)/.exec(line)![1]!);
}

test('one connection for all of one bus that share it, one for each other bus and for whoever wants his own', async () => {
  const all = [communicator('a'), communicator('a'), communicator('b'), communicator('a', 'own')];
  await Promise.all(all.map((one) => one.connect()));
  expect(await clients()).toHaveLength(3);
});

test('one is closed and the other goes on on the same connection, which ends with the last', async () => {
  const [one, other] = [communicator('a'), communicator('a')];
  await Promise.all([send(one, 'x'), send(other, 'y')]);
  const before = await clients();
  await one.close();
  await expect(one.show()).rejects.toMatchObject({ code: 'MR_CLOSED' });
  await send(other, 'z');
  expect([(await idsIn(other)).sort(), await clients()]).toEqual([['x', 'y', 'z'], before]);
  await other.close();
  await until('nobody is connected', async () => (await clients()).length === 0);
  const late = communicator('a');
  expect(await idsIn(late)).toHaveLength(3);
});

test('what one breaks off ends at once, and what the other has under way is done once', async () => {
  const [one, other] = [communicator('a'), communicator('a')];
  await Promise.all([one.connect(), other.connect()]);
  server.signal('SIGSTOP');
  const brokenOff = one.show();
  const sent = send(other, 'x');
  one.disconnect();
  await expect(brokenOff).rejects.toMatchObject({ code: 'MR_CLOSED' });
  server.signal('SIGCONT');
  await sent;
  expect([await idsIn(other), other.state]).toEqual([['x'], 'ready']);
  expect(await clients()).toHaveLength(1);
});

test('many that break off together end their connection once', async () => {
  const all = Array.from({ length: 20 }, () => communicator('a'));
  await Promise.all(all.map((one) => one.connect()));
  const ended = jest.spyOn(Redis.prototype, 'disconnect');
  server.signal('SIGSTOP');
  const brokenOff = all.map((one) => one.show());
  for (const one of all) one.disconnect();
  const outcomes = await Promise.allSettled(brokenOff);
  server.signal('SIGCONT');
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(20);
  expect(ended).toHaveBeenCalledTimes(1);
  ended.mockRestore();
});

/** Names of our connections. Redis gives each an id and knows its address. */
const connections = async (admin: Redis) =>
  [...((await admin.client('LIST')) as string).matchAll(/^id=(\d+) addr=(\S+)/gm)].map(
    ([, id, address]) => `${id} ${address}`,
  );

test('what Redis still has of a connection that broke is ended there by its successor', async () => {
  const cable = await Cable.to(server.url);
  const admin = new Redis(server.url);
  const bus = new Communicator({ redis: cable.url });
  try {
    const others = new Set(await connections(admin));
    await send(bus, 'before');
    const [predecessor] = (await connections(admin)).filter((one) => !others.has(one));
    cable.freeze();
    cable.abandon(); // our end sees it break; Redis hears nothing of it
    await until('our end is gone', () => cable.orphans === 1);
    expect(await connections(admin)).toContain(predecessor);
    await send(bus, 'after');
    expect(await connections(admin)).not.toContain(predecessor);
    await until('Redis has closed it', () => cable.orphans === 0);
    expect(await idsIn(bus)).toEqual(['before', 'after']);
  } finally {
    await bus.close();
    admin.disconnect();
    await cable.close();
  }
});

test('one that has the id of the predecessor in another life of Redis is left alone', async () => {
  const bus = new Communicator({ redis: server.url });
  const bystanders: Redis[] = [];
  try {
    await send(bus, 'before');
    const admin = new Redis(server.url);
    const [id] = (await connections(admin)).filter((one) => !one.includes(`:${admin.stream.localPort}`));
    admin.disconnect();
    await server.kill();
    await server.restart();
    let closed = 0;
    for (let last = 0; last < Number(id!.split(' ')[0]) + 5;) {
      const bystander = new Redis(server.url, { retryStrategy: () => null });
      bystanders.push(bystander.on('close', () => closed++));
      last = await bystander.client('ID');
    }
    const taken = await connections(bystanders[0]!);
    expect(taken.map((one) => one.split(' ')[0])).toContain(id!.split(' ')[0]);
    await send(bus, 'after');
    expect(await connections(bystanders[0]!)).toEqual(expect.arrayContaining(taken));
    expect(closed).toBe(0);
  } finally {
    for (const bystander of bystanders) bystander.disconnect();
    await bus.close();
  }
});

test('the reason why a connection cannot be used is told, and the next try is a new one', async () => {
  await redisCli(server.port, 'CONFIG', 'SET', 'requirepass', 'word');
  const bus = communicator('a');
  await expect(bus.connect()).rejects.toMatchObject({
    code: 'MR_REDIS_AUTH',
    message: expect.stringContaining('NOAUTH'),
  });
  await redisCli(['-p', String(server.port), '-a', 'word'], 'CONFIG', 'SET', 'requirepass', '');
  await bus.connect();
  expect(bus.state).toBe('ready');
});
