import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { RedisServer, until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { keysOf } from '../communicator/redis/keys.js';
import { bus, marbleOf, peek, sweep } from './testing.js';

test('a worker waits for longer than its lease in one command, and is known all the while', async () => {
  const marble = marbleOf({ leaseMs: 600 });
  const came = marble.wait('a');
  const holders = () => peek.status.holders();
  await until('it is a holder', async () => (await holders()).length === 1);
  const [before] = await holders();
  await until('its lease would have passed twice', async () => {
    expect(await sweep()).toMatchObject({ silent: 0 });
    return (await holders())[0]!.leaseUntil > before!.leaseUntil + 1200;
  });
  const sender = marbleOf();
  await sender.send('a', 1);
  expect(await came).toBe(1);
  await marble.finish();
  expect((await holders()).map(({ holder }) => holder)).toEqual([before!.holder]);
});

test('the heartbeat tells a holder that it was given up', async () => {
  const marble = marbleOf({ leaseMs: 600 });
  await marble.send('a', 1);
  await marble.wait('a');
  const signal = marble.signal!;
  const [holder] = await peek.status.holders();
  await until('it is given up, between two beats', async () => {
    await peek.recovery.endLease(holder!.holder);
    return (await sweep()).silent === 1;
  });
  await until('the signal is aborted', () => signal.aborted);
  expect(signal.reason).toMatchObject({ code: 'MR_LEASE_LOST' });
});

test.each(['thread', 'loop'] as const)(
  'the heartbeat (%s) keeps a lease for longer than it lasts',
  async (heartbeat) => {
    const marble = marbleOf({ leaseMs: 1500, heartbeat });
    await marble.send('a', 1);
    await marble.wait('a');
    const first = (await peek.status.holders())[0]!.leaseUntil;
    await until('the lease has been renewed for two leases', async () => {
      expect(await sweep()).toMatchObject({ returned: 0 });
      return (await peek.status.holders())[0]!.leaseUntil > first + 3000;
    });
    await marble.finish();
  },
);

test('the heartbeat goes on while the event loop is blocked, and says for how long it was', async () => {
  const marble = marbleOf({ leaseMs: 1500 });
  await marble.send('a', 1);
  await marble.wait('a');
  const holder = keysOf(bus.run).holder((await peek.status.holders())[0]!.holder);
  const started = Date.now();
  let noted = 0;
  // The event loop gets no turn for more than two leases. The note can be seen only during that time: the next
  // heartbeat removes it.
  while (Date.now() < started + 4000 || noted < 1000) {
    noted = Math.max(noted, Number(execFileSync('redis-cli', ['-u', bus.redis, 'HGET', holder, 'blockedMs'])));
    if (Date.now() > started + 20_000) break;
  }
  expect(noted).toBeGreaterThanOrEqual(1000);
  expect(await sweep()).toMatchObject({ returned: 0 });
  await marble.finish();
});

test('a heart is noted at first with the connection that its holder has entered by, and then with one of the thread', async () => {
  const server = await RedisServer.start(); // one of its own: MONITOR tells of all that others do, too
  const keys = keysOf(bus.run);
  const admin = new Redis(server.url);
  const monitor = await admin.monitor();
  const from = { enter: [] as string[], pulse: [] as string[] };
  monitor.on('monitor', (_, args: string[], source: string) => {
    if (source === 'lua' || !/^eval/i.test(args[0]!)) return;
    if (args.includes(keys.hearts) && args.includes('1000')) from.pulse.push(source);
    if (args.includes(keys.holders) && args.includes('maxAttempts')) from.enter.push(source);
  });
  const marble = marbleOf({ redis: server.url, leaseMs: 15_000, heartbeatMs: 300 });
  try {
    await marble.check('a');
    const isThreads = () => from.enter.length > 0 && from.pulse.some((source) => source !== from.enter[0]);
    await until('the thread has noted its own', isThreads);
    expect(from.pulse[0]).toBe(from.enter[0]);
  } finally {
    await marble.close();
    monitor.disconnect();
    admin.disconnect();
    await server.stop();
  }
});
