/**
 * Stories of processes that are missed by their connections: what they held is back long before their lease, and nothing is
 * taken from who lives.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Program, Proxy, RedisServer, freshBus, until, type Bus } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Marble } from 'marblerun';
import { keysOf } from '@marblerun/internal';
import { Communicator } from 'marblerun/communicator';
import { startMonitor, type ServiceProcess } from './services.js';

const HANDLERS = new URL('programs/handlers.js', import.meta.url).pathname;
const LEASE_MS = 60_000;
let bus: Bus;
let redis: Redis;
let peek: Communicator;
let marble: Marble;
let cleanUp: (() => unknown)[];

beforeEach(() => {
  cleanUp = [];
  use(freshBus());
});
afterEach(async () => {
  for (const step of cleanUp.reverse()) await step();
});

function use(on: Bus): void {
  bus = on;
  redis = new Redis(bus.redis, { retryStrategy: () => 50, maxRetriesPerRequest: null });
  redis.on('error', () => undefined); // some of these are killed
  peek = new Communicator(bus);
  marble = new Marble(bus);
  cleanUp.push(
    () => redis.disconnect(),
    () => peek.close(),
    () => marble.close(),
  );
}

/** At its defaults but for what is said. */
async function monitor(env: Record<string, string> = {}): Promise<ServiceProcess> {
  const defaults = { MARBLERUN_REDIS: bus.redis, MARBLERUN_RUN: bus.run, MARBLERUN_SWEEP_MS: '1000' };
  const service = await startMonitor({ ...defaults, ...env });
  cleanUp.push(() => service.program.kill());
  await until('the Monitor is ready', () => service.program.isReady());
  return service;
}

function worker(env: Record<string, string> = {}, at = bus.redis): Program {
  const all = { MARBLERUN_REDIS: at, MARBLERUN_RUN: bus.run, LEASE_MS: String(LEASE_MS), ...env };
  const program = new Program(HANDLERS, { env: all });
  cleanUp.push(() => program.kill());
  return program;
}

const status = async () => (await peek.show()).find(({ queue }) => queue === 'in')!;
const counts = async () => (await status()).counts;
const notes = async () => Object.values(await redis.hgetall(keysOf(bus.run).hearts)).map((text) => text.split(' '));
/** Hearts that a Monitor has seen on this server. */
const seen = async () => (await notes()).filter(([, , , , server]) => server !== '-').length;
const missed = async () => (await notes()).filter((words) => words[6] !== '0').length;
const passed = (what: string, ms: number) => {
  const end = Date.now() + ms;
  return until(what, () => Date.now() > end, { deadlineMs: 2 * ms });
};

async function metric(service: ServiceProcess, name: string): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `))!;
  return Number(line.split(' ')[1]);
}

/** `n` of them are in the hands of workers, which the Monitor has seen. */
async function held(n: number, work: object, processes = 1): Promise<void> {
  await marble.sendMany(
    'in',
    Array.from({ length: n }, (_, i) => ({ n: i, ...work })),
  );
  await until('all are in hand', async () => (await status()).held === n);
  await until('the Monitor has seen them', async () => (await seen()) === processes);
}

test.each(['thread', 'loop'])('what a killed worker held is back within seconds (heartbeat: %s)', async (heartbeat) => {
  const service = await monitor();
  const program = worker({ HEARTBEAT: heartbeat });
  await held(50, { do: 'ignore' });
  const killedAt = Date.now();
  await program.kill();
  await until('all are back', async () => (await status()).depth === 50, { deadlineMs: 15_000 });
  expect(Date.now() - killedAt).toBeGreaterThan(900);
  expect(await counts()).toMatchObject({ dropped: 50, returned: 50 });
  const of = (by: string) => `marblerun_recovery_total{run="${bus.run}",by="${by}"}`;
  await until('it is counted', async () => (await metric(service, of('connection'))) === 50);
  expect(await metric(service, of('lease'))).toBe(0);
  expect(await peek.status.holderCount()).toBe(0);
  await until('nothing is noted of it', async () => (await notes()).length === 0);
});

test('with goneMs 0 its lease alone tells', async () => {
  const service = await monitor({ MARBLERUN_CONNECTIONS_MS: '20' });
  const program = worker({ GONE_MS: '0', LEASE_MS: '4000' });
  await marble.sendMany('in', [{ n: 1, do: 'ignore' }]);
  await until('it is in hand', async () => (await status()).held === 1);
  expect((await notes()).filter(([, , goneMs]) => goneMs !== '0')).toEqual([]);
  const killedAt = Date.now();
  await program.kill();
  await until('it is back', async () => (await status()).depth === 1);
  expect(Date.now() - killedAt).toBeGreaterThan(2000); // two thirds of the lease at the least
  await until('it is counted', async () => {
    return (await metric(service, `marblerun_recovery_total{run="${bus.run}",by="lease"}`)) === 1;
  });
});

test('1,000 cuts take nothing from workers that live', async () => {
  const server = await RedisServer.start();
  cleanUp.push(() => server.stop());
  use(freshBus(server.url));
  await monitor({ MARBLERUN_CONNECTIONS_MS: '20' });
  // A machine that is busy with all other suites may keep a worker from its core for longer than the usual second.
  for (let i = 0; i < 5; i++) worker({ GONE_MS: '5000' });
  await held(100, { do: 'heed' }, 5);
  const ids = async () => (await notes()).map(([id]) => id!).sort();
  for (let storm = 0, before = await ids(); storm < 200; storm++) {
    if (storm % 4 === 0)
      await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'); // of all who work, and the Monitor
    else await Promise.all(before.map((id) => redis.call('CLIENT', 'KILL', 'ID', id)));
    const after = await until('all are back', async () => {
      const now = await ids();
      return now.every((id) => !before.includes(id)) && now;
    });
    before = after;
  }
  expect(await counts()).toMatchObject({ dropped: 0, returned: 0, released: 0, failed: 0 });
  expect((await status()).held).toBe(100);
  expect(await peek.status.holderCount()).toBe(5);
}, 120_000);

test('a worker that waits for nothing goes on when all of its connections are cut', async () => {
  const server = await RedisServer.start();
  cleanUp.push(() => server.stop());
  use(freshBus(server.url));
  await monitor();
  const program = worker({ CONCURRENCY: '1', DRAIN_MS: '200' });
  await held(1, { do: 'heed' });
  const [[before] = []] = await notes();
  await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await until('it is seen again', async () => {
    const [[now] = []] = await notes();
    return now !== before && (await seen()) === 1;
  });
  program.signal('SIGTERM');
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect(program.lines).toEqual(['took 0', 'stopping']);
  expect(await counts()).toMatchObject({ failed: 0, dropped: 0 });
});

test('a worker that is cut off for less than goneMs goes on; for longer, it is fenced and begins again', async () => {
  await monitor();
  const proxy = await Proxy.start(Number(new URL(bus.redis).port));
  cleanUp.push(() => proxy.stop());
  const program = worker({ GONE_MS: '3000' }, proxy.url);
  await held(1, { do: 'finish', ms: 6000 });
  proxy.refuse(1500);
  await until('it is missed', async () => (await missed()) === 1);
  await until('it is back', async () => (await missed()) === 0 && (await seen()) === 1);
  expect(await counts()).toMatchObject({ dropped: 0 });
  proxy.refuse(8000);
  await until('what it held is back', async () => (await counts()).returned === 1);
  expect(program.lines).toEqual(['took 0']);
  await until('it is done, by its second delivery alone', async () => (await counts()).finished === 1, {
    deadlineMs: 40_000,
  });
  expect(program.lines).toEqual(['took 0', 'took 0']);
  expect(await peek.dump('out')).toHaveLength(1);
}, 90_000);

test('after a restart of Redis nobody is missed who was connected to the one before', async () => {
  const server = await RedisServer.start(['--appendonly', 'yes', '--appendfsync', 'always']);
  cleanUp.push(() => server.stop());
  use(freshBus(server.url));
  const service = await monitor();
  const program = worker();
  await held(10, { do: 'finish', ms: 3000 });
  program.signal('SIGSTOP'); // it cannot come back
  await server.kill();
  await server.restart();
  const left = `marblerun_processes{run="${bus.run}",missed_by="lease"}`;
  await until('the Monitor looks again', async () => (await metric(service, left)) === 1, { deadlineMs: 40_000 });
  await passed('what a connection may be gone, three times', 3000);
  expect(await counts()).toMatchObject({ dropped: 0 });
  expect(await missed()).toBe(0);
  program.signal('SIGCONT');
  await until('it goes on', async () => (await counts()).finished === 10, { deadlineMs: 40_000 });
  await until('it is seen again', async () => (await metric(service, left)) === 0);
  expect(await counts()).toMatchObject({ dropped: 0, returned: 0 });
}, 120_000);

test('a worker that was stopped keeps its connection: its lease alone tells', async () => {
  const service = await monitor();
  const program = worker({ LEASE_MS: '6000' });
  await held(1, { do: 'finish', ms: 1000 });
  program.signal('SIGSTOP');
  await until('it is back', async () => (await status()).depth === 1);
  expect(await metric(service, `marblerun_recovery_total{run="${bus.run}",by="connection"}`)).toBe(0);
  expect(await metric(service, `marblerun_recovery_total{run="${bus.run}",by="lease"}`)).toBe(1);
});
