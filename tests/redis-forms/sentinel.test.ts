import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { buildMonitor, readConfig } from '@marblerun/monitor';
import { Sentinels, freshBus, redisCli, until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { Communicator, type RedisForm } from 'marblerun/communicator';
import { basicStory } from './basic-story.js';

jest.setTimeout(300_000);

let sentinels: Sentinels;
let redis: RedisForm;

beforeAll(async () => {
  sentinels = await Sentinels.start();
  redis = { sentinels: sentinels.addresses, master: 'mymaster' };
});
afterAll(() => sentinels.stop());

test('the master that the Sentinels name', () => basicStory(redis));

test('a master that no Sentinel knows, and Sentinels that are away, are told with their reason', async () => {
  const failureOf = async (form: RedisForm) => {
    const bus = new Communicator({ redis: form, connectTimeoutMs: 1000 });
    const failure = await bus.connect().catch((error: unknown) => (error as Error).message);
    bus.disconnect();
    return failure;
  };
  expect(await failureOf({ ...redis, master: 'other' })).toMatch(
    /other of the Sentinels.*No such master.*MR_REDIS_UNAVAILABLE/,
  );
  expect(await failureOf({ sentinels: ['127.0.0.1:1'], master: 'mymaster' })).toMatch(
    /failed to connect to sentinel 127\.0\.0\.1:1 .*MR_REDIS_UNAVAILABLE/,
  );
});

const MARBLES = 3000;

test('when the master is killed under load, workers, sender and Monitor go on with the replica and lose nothing', async () => {
  const { run } = freshBus('');
  const monitor = buildMonitor(
    readConfig({
      ...{ MARBLERUN_REDIS: JSON.stringify(redis), MARBLERUN_RUN: run },
      ...{ MARBLERUN_LOG_LEVEL: 'silent', MARBLERUN_SWEEP_MS: '100' },
    }),
  );
  const marbles = [1, 2, 3].map(() => new Marble({ redis, run, leaseMs: 3000 }));
  const [sender, ...workers] = marbles as [Marble, ...Marble[]];
  const done = new Map<unknown, number>();
  try {
    monitor.start();
    const old = await sentinels.masterPort();
    await sender.sendMany('q', Array(MARBLES).keys());
    // so the rest is about marbles that were taken and done
    expect(await redisCli(old, 'WAIT', '1', '20000')).toBe('1');
    for (const marble of workers) {
      const handler = async (n: unknown) => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        done.set(n, (done.get(n) ?? 0) + 1);
      };
      marble.work('q', handler, { concurrency: 10, onError: () => undefined });
    }
    await until('work is under way', () => done.size > MARBLES / 10);
    expect(done.size).toBeLessThan(MARBLES / 2);
    await (old === sentinels.master.port ? sentinels.master : sentinels.replica).kill();
    await until('the Sentinels have promoted the replica', async () => (await sentinels.masterPort()) !== old);
    await until('all is done', () => done.size >= MARBLES, { deadlineMs: 40_000 });
    await sender.send('q', MARBLES);
    await until('what is sent now is done too', () => done.has(MARBLES));
    await until('nothing waits and nothing is held', async () => {
      const { queues } = (await monitor.server.inject(`/api/runs/${run}/queues`)).json<{
        queues: { depth: number; held: number }[];
      }>();
      return queues[0]?.depth === 0 && queues[0].held === 0;
    });
    expect([...done.keys()].sort((a, b) => Number(a) - Number(b))).toEqual([...Array(MARBLES + 1).keys()]);
    // The replica may not have heard of the last finishes: those marbles are done again, and no others.
    expect([...done.values()].filter((times) => times > 1).length).toBeLessThan(MARBLES / 4);
    await until('the Monitor is ready', async () => (await monitor.server.inject('/health/ready')).statusCode === 200);
  } finally {
    await Promise.all(marbles.map((marble) => marble.close()));
    await monitor.server.close();
    await monitor.stop();
  }
});
