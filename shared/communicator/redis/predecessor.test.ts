/**
 * A connection was given up and Redis has not heard of that yet. It is ended there before anything is asked again, and
 * nobody else is ended with it.
 */
import { expect, test } from '@jest/globals';
import { Cable, RedisServer, until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Communicator } from '../communicator.js';
import { encodeEnvelope } from '../data/envelope.js';

const output = (id: string) =>
  ({ kind: 'back', queue: 'q', envelope: encodeEnvelope({ id, attempt: 0, sentAt: 0, type: 'j' }, '1') }) as const;

/** Names of our connections. Redis gives each an id and knows its address. */
const connections = async (admin: Redis) =>
  [...((await admin.client('LIST')) as string).matchAll(/^id=(\d+) addr=(\S+)/gm)].map(
    ([, id, address]) => `${id} ${address}`,
  );

test('what Redis still has of a connection that broke is ended there by its successor', async () => {
  const server = await RedisServer.start();
  const cable = await Cable.to(server.url);
  const admin = new Redis(server.url);
  const bus = new Communicator({ redis: cable.url });
  try {
    const others = new Set(await connections(admin));
    await bus.push([output('before')]);
    const [predecessor] = (await connections(admin)).filter((one) => !others.has(one));
    cable.freeze();
    cable.abandon(); // our end sees it break; Redis hears nothing of it
    await until('our end is gone', () => cable.orphans === 1);
    expect(await connections(admin)).toContain(predecessor);
    await bus.push([output('after')]);
    expect(await connections(admin)).not.toContain(predecessor);
    await until('Redis has closed it', () => cable.orphans === 0);
    expect((await bus.dump('q')).map(({ id }) => id)).toEqual(['before', 'after']);
  } finally {
    await bus.close();
    admin.disconnect();
    await cable.close();
    await server.stop();
  }
});

test('one that has the id of the predecessor in another life of Redis is left alone', async () => {
  const server = await RedisServer.start();
  const bus = new Communicator({ redis: server.url });
  const bystanders: Redis[] = [];
  try {
    await bus.push([output('before')]);
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
    await bus.push([output('after')]);
    expect(await connections(bystanders[0]!)).toEqual(expect.arrayContaining(taken));
    expect(closed).toBe(0);
  } finally {
    for (const bystander of bystanders) bystander.disconnect();
    await bus.close();
    await server.stop();
  }
});
