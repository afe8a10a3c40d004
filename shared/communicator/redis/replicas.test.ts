/**
 * Sends and lanes that wait for replicas (`WAIT`), on a real primary with a real replica.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Cable, RedisServer, redisCli, until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Marble } from '../../marble/marble.js';
import { Communicator } from '../communicator.js';

let primary: RedisServer;
let replica: RedisServer;
let atReplica: Redis;
beforeEach(async () => {
  primary = await RedisServer.start(['--repl-diskless-sync-delay', '0']);
  replica = await RedisServer.start(['--replicaof', '127.0.0.1', String(primary.port)]);
  atReplica = new Redis(replica.url);
  await until('the replica has caught up', () => replica.follows(primary));
});
afterEach(async () => {
  atReplica.disconnect();
  replica.signal('SIGCONT');
  await Promise.all([primary.stop(), replica.stop()]);
});

const queued = (redis: Redis, queue = 'q') => redis.llen(`mr:{main}:q:${queue}`);

test('what was sent with replicas: 1 is at the replica when send returns, and there after a failover', async () => {
  const marble = new Marble({ redis: primary.url, replicas: 1, replicasTimeoutMs: 20_000 });
  for (let i = 1; i <= 50; i++) {
    await marble.send('q', i);
    expect(await queued(atReplica)).toBe(i);
  }
  await primary.kill();
  await atReplica.replicaof('NO', 'ONE');
  const survivor = new Marble({ redis: replica.url });
  for (let i = 1; i <= 50; i++) {
    expect(await survivor.wait('q')).toBe(i);
    await survivor.finish();
  }
  await survivor.close();
  await marble.close();
});

test('too few replicas: MR_TOO_FEW_REPLICAS, the marble is at the primary, and other commands are not held up', async () => {
  const marble = new Marble({ redis: primary.url, replicas: 1, replicasTimeoutMs: 3000 });
  await marble.send('q', 1);
  replica.signal('SIGSTOP');
  const order: string[] = [];
  const sent = marble.send('q', 2).finally(() => order.push('send'));
  sent.catch(() => undefined); // looked at below
  expect(await marble.wait('q')).toBe(1);
  await marble.finish();
  order.push('finish');
  await expect(sent).rejects.toMatchObject({
    code: 'MR_TOO_FEW_REPLICAS',
    message: expect.stringMatching(
      /0 of 1 replicas have acknowledged within 3000 ms; the command is done at the primary/,
    ),
  });
  expect(order).toEqual(['finish', 'send']);
  expect(await marble.wait('q')).toBe(2);
  await marble.finish();
  replica.signal('SIGCONT');
  await marble.send('q', 3);
  expect(await queued(atReplica)).toBe(1);
  await marble.close();
});

test('a send whose acknowledgement by the replicas was lost with the connection is there once, at the replica too', async () => {
  const cable = await Cable.to(primary.url);
  const marble = new Marble({ redis: cable.url, replicas: 1, replicasTimeoutMs: 20_000 });
  await marble.send('q', 1);
  const lost = cable.loseReplyTo('wait');
  await marble.send('q', 2);
  await lost;
  expect(await queued(atReplica)).toBe(2);
  await marble.close();
  await cable.close();
});

test('a transit counts as landed when the replicas of the upper run have it; until then it goes again, and lands once', async () => {
  const lowerServer = await RedisServer.start();
  const lower = new Communicator({ redis: lowerServer.url });
  const upper = new Communicator({ redis: primary.url, replicas: 1, replicasTimeoutMs: 200 });
  const marble = new Marble({ redis: lowerServer.url });
  for (let i = 1; i <= 3; i++) await marble.elevate('q', i);
  const source = lower.laneSource('up');
  const target = upper.laneTarget();
  const limits = { marbles: 10, bytes: 1_000_000 };
  const options = { from: 'main', hopLimit: 5, onward: () => false };
  replica.signal('SIGSTOP');
  const transit = (await source.lift(['q'], limits))!;
  await expect(target.land(transit, options)).rejects.toMatchObject({ code: 'MR_TOO_FEW_REPLICAS' });
  const again = (await source.lift(['q'], limits))!;
  expect(again).toEqual(transit);
  await expect(target.land(again, options)).rejects.toMatchObject({ code: 'MR_TOO_FEW_REPLICAS' });
  replica.signal('SIGCONT');
  await until('it has landed', async () => (await target.land(again, options)).landing === 'duplicate');
  expect(await queued(atReplica)).toBe(3);
  expect(await source.lift(['q'], limits, again)).toBeUndefined();
  await Promise.all([lower.close(), upper.close(), marble.close()]);
  await lowerServer.stop();
});

test('a user who may not wait for replicas is told so before anything is sent', async () => {
  await redisCli(primary.port, 'ACL', 'SETUSER', 'some', 'on', '>p', '~*', '+@all', '-wait');
  const redis = { host: '127.0.0.1', port: primary.port, username: 'some', password: 'p' };
  const marble = new Marble({ redis, replicas: 1 });
  await expect(marble.send('q', 1)).rejects.toMatchObject({
    code: 'MR_REDIS_AUTH',
    message: expect.stringContaining('wait (for replicas)'),
  });
  expect(await queued(atReplica)).toBe(0);
  await marble.close();
});
