/**
 * Goes once through everything that MarbleRun does, on any form of Redis. It waits, sends and finishes. Marbles of an
 * abandoned wait and of a killed worker come back. Marbles are delayed; fail until they are dead, and are requeued; are
 * elevated to another run, with large data.
 */
import { expect } from '@jest/globals';
import { buildElevator, readConfig as readElevatorConfig } from '@marblerun/elevator';
import { buildMonitor, readConfig as readMonitorConfig } from '@marblerun/monitor';
import { Program, freshBus, until } from '@marblerun/test-support';
import { Marble, type MarbleOptions } from 'marblerun';
import type { RedisForm } from 'marblerun/communicator';

type Redis = string | RedisForm;

interface Cast {
  /** The run. Default: a fresh one. The upper run is `<run>-upper`. */
  readonly run?: string;
  /** The Monitor's connection, where it differs from that of the workers. */
  readonly monitor?: Redis;
  /** False where the Monitor may not ask who is connected. Default true. */
  readonly seesConnections?: boolean;
}

export async function basicStory(
  redis: Redis,
  { run = freshBus('').run, monitor = redis, seesConnections = true }: Cast = {},
): Promise<void> {
  const services = startServices(redis, monitor, run);
  const marble = new Marble({ redis, run, leaseMs: 900, maxAttempts: 2 });
  const upper = new Marble({ redis, run: `${run}-upper` });
  try {
    await sendAndFinish(marble);
    await abandon(marble);
    // So long a lease does not pass here: the one that is killed is missed by its connection.
    const leaseMs = seesConnections ? 3_600_000 : 900;
    const isSeen = async () => !seesConnections || (await services.watched()) === 2;
    await killHolder(marble, { redis, run, leaseMs, maxAttempts: 2 }, isSeen);
    await failUntilDead(marble, services.monitor, run);
    const large = { to: 'the top', text: 'large '.repeat(20_000) };
    await marble.elevate('up', large);
    expect(await upper.wait('up', { timeoutMs: 20_000 })).toEqual(large);
    await upper.finish();
    await until('both services are ready', async () => (await services.ready()).every((code) => code === 200));
    expect(await emptyQueues(services.monitor, run)).toEqual(['done', 'fails', 'kills', 'left', 'up']);
  } finally {
    await Promise.all([marble.close(), upper.close(), services.stop()]);
  }
}

type Monitor = ReturnType<typeof buildMonitor>;

function startServices(redis: Redis, monitorRedis: Redis, run: string) {
  const common = (place: Redis) => ({
    MARBLERUN_REDIS: typeof place === 'string' ? place : JSON.stringify(place),
    MARBLERUN_LOG_LEVEL: 'silent',
  });
  const token = 'a-token-of-the-basic-story';
  const monitor = buildMonitor(
    readMonitorConfig({
      ...common(monitorRedis),
      MARBLERUN_RUN: `${run},${run}-upper`,
      MARBLERUN_SWEEP_MS: '50',
      MARBLERUN_CONNECTIONS_MS: '50',
      MARBLERUN_ORPHANS_MS: '100',
      MARBLERUN_TOKEN: token,
    }),
  );
  const runs = { lower: { run }, upper: { redis, run: `${run}-upper` } };
  const lanes = { runs, lanes: [{ name: 'up', from: 'lower', to: 'upper' }] };
  const elevator = buildElevator(readElevatorConfig({ ...common(redis), MARBLERUN_LANES: JSON.stringify(lanes) }));
  for (const service of [monitor, elevator]) service.start();
  return {
    monitor,
    /** Processes of the lower run whose connections the Monitor sees. */
    watched: async () => {
      const { body } = await monitor.server.inject('/metrics');
      return Number(
        new RegExp(`^marblerun_processes{run="${run}",missed_by="connection"} (\\d+)$`, 'm').exec(body)?.[1],
      );
    },
    ready: () =>
      Promise.all([monitor, elevator].map(async ({ server }) => (await server.inject('/health/ready')).statusCode)),
    stop: async () => {
      await Promise.all([monitor, elevator].map(async ({ server, stop }) => Promise.all([server.close(), stop()])));
    },
  };
}

async function sendAndFinish(marble: Marble): Promise<void> {
  const waiting = marble.wait('done', { timeoutMs: 20_000 });
  await marble.send('done', { n: 1 }); // it goes to a client that waits already, by its inbox
  expect(await waiting).toEqual({ n: 1 });
  expect(marble.attempt).toBe(1);
  await marble.finish();
  await marble.send('done', { n: 2 }, { delayMs: 50 });
  await marble.send('done', Buffer.from([0, 255, 10]));
  expect(await marble.wait('done')).toEqual(Buffer.from([0, 255, 10]));
  await marble.finish();
  expect(await marble.wait('done', { timeoutMs: 20_000 })).toEqual({ n: 2 });
  await marble.finish();
  expect(await marble.check('done')).toBeUndefined();
}

/** Waits a second time without a finish: the Monitor brings the marble back to that wait. */
async function abandon(marble: Marble): Promise<void> {
  await marble.send('left', 'abandoned');
  for (const attempt of [1, 2]) {
    expect(await marble.wait('left', { timeoutMs: 20_000 })).toBe('abandoned');
    expect(marble.attempt).toBe(attempt);
  }
  await marble.finish();
}

async function killHolder(marble: Marble, options: MarbleOptions, isSeen: () => Promise<boolean>): Promise<void> {
  const id = await marble.send('kills', 'dropped');
  const holder = new Program(new URL('holder.js', import.meta.url).pathname, {
    args: [JSON.stringify(options), 'kills'],
  });
  await holder.line(new RegExp(`holds ${id}`));
  await until('the Monitor sees it, if it may', isSeen);
  await holder.kill('SIGKILL');
  expect(await marble.wait('kills', { timeoutMs: 20_000 })).toBe('dropped');
  expect([marble.id, marble.attempt]).toEqual([id, 2]);
  await marble.finish();
}

async function failUntilDead(marble: Marble, { server }: Monitor, run: string): Promise<void> {
  const id = await marble.send('fails', 'bad');
  for (const attempt of [1, 2]) {
    expect(await marble.wait('fails', { timeoutMs: 20_000 })).toBe('bad');
    expect(marble.attempt).toBe(attempt);
    await marble.fail(new Error('broken'), { retryInMs: 0 });
  }
  const reply = (await server.inject(`/api/runs/${run}/dead`)).json<{ dead: { id: string; serial: string }[] }>();
  expect(reply).toMatchObject({ total: 1, dead: [{ id, queue: 'fails' }] });
  const requeued = await server.inject({
    method: 'POST',
    url: `/api/runs/${run}/dead/${reply.dead[0]!.serial}/requeue`,
    headers: { authorization: 'Bearer a-token-of-the-basic-story' },
  });
  expect(requeued.statusCode).toBe(204);
  expect(await marble.wait('fails', { timeoutMs: 20_000 })).toBe('bad');
  await marble.finish();
}

/** Returns the names of all queues, after a check that nothing waits and nothing is held. */
async function emptyQueues({ server }: Monitor, run: string): Promise<string[]> {
  const { queues } = (await server.inject(`/api/runs/${run}/queues`)).json<{
    queues: { queue: string; depth: number; held: number }[];
  }>();
  for (const status of queues) expect(status).toMatchObject({ depth: 0, held: 0 });
  return queues.map(({ queue }) => queue).sort();
}
