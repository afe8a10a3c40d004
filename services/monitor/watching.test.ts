/** Monitors note that they watch; clients and people see it. */
import { afterEach, expect, test } from '@jest/globals';
import { freshBus, until } from '@marblerun/test-support';
import { keysOf } from '@marblerun/internal';
import { Redis } from 'ioredis';
import { Marble } from 'marblerun';
import { Communicator, encodeEnvelope } from 'marblerun/communicator';
import { startMonitor, type RunningMonitor } from './start.js';

const open: { close?: () => Promise<void>; stop?: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await (one.close ?? one.stop)?.call(one);
});

function keep<T extends (typeof open)[number]>(one: T): T {
  open.push(one);
  return one;
}

const start = async (options: Parameters<typeof startMonitor>[0]): Promise<RunningMonitor> =>
  keep(await startMonitor({ logLevel: 'silent', ...options }));

test('a Monitor is seen by its clients while it watches, and no longer', async () => {
  const bus = freshBus();
  const marble = keep(new Marble(bus));
  expect((await marble.status()).monitors).toEqual([]);
  const monitor = await start(bus);
  const [seen] = await until('it is noted', async () => {
    const { monitors } = await marble.status();
    return monitors.length === 1 && monitors;
  });
  expect(seen).toMatchObject({ name: expect.stringMatching(/:\d+$/), version: expect.stringMatching(/^\d+\.\d+/) });
  expect(seen!.silentMs).toBeLessThan(20_000);
  await monitor.stop();
  expect((await marble.status()).monitors).toEqual([]);
});

test('a Monitor of a test brings back what was dropped and what is due, without a server', async () => {
  const bus = freshBus();
  const marble = keep(new Marble({ ...bus, maxAttempts: 3 }));
  await start({ ...bus, sweepMs: 20, promoteMs: 20 });
  await marble.send('q', 'delayed', { delayMs: 50 });
  expect(await marble.wait('q')).toBe('delayed');
  await marble.fail(new Error('once more'), { retryInMs: 10 });
  expect(await marble.wait('q')).toBe('delayed');
  expect(await marble.wait('q')).toBe('delayed'); // the marble was abandoned, and brought back
  expect(marble.attempt).toBe(3);
  await marble.finish();
});

test('a Monitor wakes a worker of several queues for a marble that was sent without waking it', async () => {
  const bus = freshBus();
  const marble = keep(new Marble({ ...bus, pollMs: 3_600_000 }));
  const wait = marble.wait(['a', 'b']);
  const peek = keep(new Communicator(bus));
  await until('it waits', async () => (await peek.status.holderCount()) === 1);
  await start({ ...bus, sweepMs: 20 });
  const redis = new Redis(bus.redis);
  await until('its queues are watched', () => redis.hlen(keysOf(bus.run).watched));
  await redis.lpush(keysOf(bus.run).queue('b'), encodeEnvelope({ id: 'm', attempt: 0, sentAt: 0, type: 'j' }, '7'));
  redis.disconnect();
  expect(await wait).toBe(7);
  await marble.finish();
});

test('with a port it serves its page and its API, which tell who watches', async () => {
  const bus = freshBus();
  const monitor = await start({ ...bus, port: 0 });
  const runs = await until('it has noted itself', async () => {
    const answer = (await (await fetch(`${monitor.url}/api/runs`)).json()) as { monitors: object[] }[];
    return answer[0]!.monitors.length === 1 && answer;
  });
  expect(runs).toMatchObject([
    { run: bus.run, monitors: [{ version: expect.any(String), silentMs: expect.any(Number) }] },
  ]);
  expect(await (await fetch(monitor.url!)).text()).toContain('data-is="monitors"');
});

test.each([
  [{ sweepMs: 'often' }, /sweepMs: "often": must be a whole number from 10 to/],
  [{ sweepEveryMs: 10 }, /sweepEveryMs: there is no such option; did you mean sweepMs\?/],
  [{ run: 'a b' }, /run: .*"a b" is not a run name/],
  [{ redis: 'redis://S3cret@' }, /redis: /],
] as const)('startMonitor refuses %j, and names the option', async (options, message) => {
  const refusal = startMonitor(options as never);
  await expect(refusal).rejects.toMatchObject({ code: 'MR_BAD_OPTION', message: expect.stringMatching(message) });
  await expect(refusal).rejects.not.toMatchObject({ message: expect.stringContaining('S3cret') });
});

test('startMonitor rejects where Redis is away, and leaves nothing behind', async () => {
  const away = startMonitor({ redis: 'redis://127.0.0.1:1', run: 'away', logLevel: 'silent' });
  await expect(away).rejects.toMatchObject({ code: 'MR_REDIS_UNAVAILABLE' });
});
