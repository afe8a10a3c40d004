/**
 * The commands of docs/BACKUP.md copy and restore Redis under work. What becomes of each promise is as that page tells.
 * Clients, Monitor and Elevator go on over the restore.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { RedisServer, until } from '@marblerun/test-support';
import { Marble, type MarbleOptions } from 'marblerun';
import { Communicator } from 'marblerun/communicator';
import { startElevator, startMonitor, type ServiceProcess } from '../services.js';
import { runPage } from './page.js';

const KEEPING = ['--appendonly', 'yes'];
const PATIENT = { deadlineMs: 30_000 };
const cleanUp: (() => unknown)[] = [];

let folder: string;
let lower: RedisServer;
let upper: RedisServer;
let monitor: ServiceProcess;
let elevator: ServiceProcess;
let below: Communicator;
let above: Communicator;

function client(options: MarbleOptions = {}): Marble {
  const marble = new Marble({ redis: lower.url, run: 'low', leaseMs: 2000, ...options });
  cleanUp.push(() => marble.close());
  return marble;
}
const dataOf = async (bus: Communicator, queue: string) =>
  (await bus.dump(queue, 0, 100)).map(({ data }) => JSON.parse(data.toString()) as unknown);
/** Reads a value of a service; 0 where it has none yet. */
async function metric({ url }: ServiceProcess, series: string): Promise<number> {
  const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n');
  return Number(lines.find((line) => line.startsWith(`${series} `))?.slice(series.length) ?? 0);
}
const gaps = () => metric(elevator, 'marblerun_lane_marbles_total{lane="up",event="gap"}');
const isReady = async () => (await fetch(`${monitor.url}/health/ready`)).ok;

const copy = (redis: RedisServer) => runPage('Back up', folder, { REDIS: redis.url });
async function restore(redis: RedisServer): Promise<void> {
  await redis.kill('SIGTERM');
  await runPage('Restore', folder, { DATA: redis.dir });
  await redis.restart();
}

jest.setTimeout(120_000);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marblerun-backup-'));
  [lower, upper] = [await RedisServer.start(KEEPING), await RedisServer.start(KEEPING)];
  monitor = await startMonitor({ MARBLERUN_REDIS: lower.url, MARBLERUN_RUN: 'low', MARBLERUN_AUDIT_MS: '100' });
  const MARBLERUN_LANES = JSON.stringify({
    runs: { low: { redis: lower.url }, high: { redis: upper.url } },
    lanes: [{ name: 'up', from: 'low', to: 'high', queues: ['lane'] }],
  });
  elevator = await startElevator({ MARBLERUN_LANES });
  below = new Communicator({ redis: lower.url, run: 'low' });
  above = new Communicator({ redis: upper.url, run: 'high' });
  cleanUp.push(
    () => below.close(),
    () => above.close(),
  );
});
afterAll(async () => {
  await Promise.all(cleanUp.map((step) => step()));
  await Promise.all([monitor, elevator].map(({ program }) => program.kill()));
  await Promise.all([lower, upper].map((redis) => redis.stop()));
  await rm(folder, { recursive: true });
});

test('a run that is restored is that of the moment of its copy, and goes on', async () => {
  const [sender, holder, gone, failing] = [client(), client(), client(), client({ maxAttempts: 1 })];
  const bad = failing.work('bad', () => Promise.reject(new Error('bad')), { onError: () => undefined });
  for (const n of [1, 2, 3]) await sender.send('work', n);
  await sender.send('held', 'by one that lives');
  expect(await holder.wait('held')).toBe('by one that lives');
  await sender.send('held', 'by one that leaves');
  expect(await gone.wait('held')).toBe('by one that leaves');
  await sender.send('bad', 'before');
  await until('it is dead', async () => (await below.deadLetters.count()) === 1);
  await sender.elevate('lane', 1);
  await until('it is above', async () => (await dataOf(above, 'lane')).length === 1);
  // otherwise it would go again too
  await until('and no more in transit', async () => (await below.laneSource('up').inTransit()) === 0);
  elevator.program.signal('SIGSTOP');
  await sender.elevate('lane', 2);

  await copy(lower);
  elevator.program.signal('SIGCONT');
  await sender.elevate('lane', 3);
  await until('all are above', async () => (await dataOf(above, 'lane')).length === 3);
  await sender.send('work', 4);
  expect(await sender.wait('work')).toBe(1);
  await sender.finish();
  await gone.finish();
  await gone.close();
  const [dead] = await below.deadLetters.list();
  expect(await below.deadLetters.remove([dead!.serial])).toBe(1);
  await sender.send('bad', 'after');
  await until('it is dead', async () => (await below.deadLetters.list())[0]?.envelope?.data.includes('after'));
  expect(await gaps()).toBe(0);

  await restore(lower);
  await until('the Monitor is ready', isReady, PATIENT);
  await bad.stop();

  // Sends: those acknowledged before the copy are there, and later ones are not. Finishes: marbles finished since are
  // back.
  expect(await dataOf(below, 'work')).toEqual([1, 2, 3]);
  // In hand: a holder that lives goes on; marbles of a holder that has left since come back when its lease has passed.
  await holder.finish();
  const other = client();
  expect(await other.wait('held', { timeoutMs: 20_000 })).toBe('by one that leaves');
  await other.finish();
  expect(await other.check('held')).toBeUndefined();
  // Dead letters: they are as they were.
  expect((await below.deadLetters.list()).map(({ envelope }) => envelope?.data.toString())).toEqual(['"before"']);
  // Lanes: marbles that were lifted since go again and are counted; those above stay.
  await until('what was below goes again', async () => (await dataOf(above, 'lane')).length === 4, PATIENT);
  expect(await dataOf(above, 'lane')).toEqual([1, 2, 3, 2]);
  expect(await gaps()).toBe(1);
  // Clients that were there before go on to send, take and elevate.
  await sender.send('work', 5);
  await sender.elevate('lane', 4);
  await until('it is carried', async () => (await dataOf(above, 'lane')).includes(4), PATIENT);
  for (const n of [1, 2, 3, 5]) {
    expect(await sender.wait('work', { timeoutMs: 20_000 })).toBe(n);
    await sender.finish();
  }
  // Many audits have passed and see nothing: the counts went back with the marbles.
  expect(await metric(monitor, 'marblerun_marbles_unaccounted{run="low"}')).toBe(0);
  expect(await metric(monitor, 'marblerun_run_marbles_total{run="low",event="sent"}')).toBe(7);
});

test('an upper run that is restored lacks what landed since, and the next transit tells of it', async () => {
  const sender = client();
  const [landed, counted] = [await dataOf(above, 'lane'), await gaps()];
  await copy(upper);
  await sender.elevate('lane', 5);
  await until('it is above', async () => (await dataOf(above, 'lane')).includes(5));
  await restore(upper);
  await sender.elevate('lane', 6);
  await until('the next is carried', async () => (await dataOf(above, 'lane')).includes(6), PATIENT);
  expect(await dataOf(above, 'lane')).toEqual([...landed, 6]);
  expect(await gaps()).toBe(counted + 1);
});

test('a copy that cannot be made is an error of the commands', async () => {
  await expect(runPage('Back up', folder, { REDIS: 'redis://127.0.0.1:1' })).rejects.toThrow(/refused/);
});
