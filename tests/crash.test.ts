/**
 * Stories of processes that die, and of marbles that are dropped and come back.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Program, RedisServer, freshBus, until, type Bus } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { Communicator } from 'marblerun/communicator';
import { startMonitor } from './services.js';

const WORKER = new URL('programs/worker.js', import.meta.url).pathname;
let bus: Bus;
let peek: Communicator;
let marble: Marble;
let cleanUp: (() => Promise<unknown>)[];

beforeEach(() => {
  cleanUp = [];
  use(freshBus());
});
afterEach(async () => {
  for (const step of cleanUp.reverse()) await step();
});

function use(on: Bus): void {
  bus = on;
  peek = new Communicator(bus);
  marble = new Marble(bus);
  cleanUp.push(
    () => peek.close(),
    () => marble.close(),
  );
}

const env = () => ({ MARBLERUN_REDIS: bus.redis, MARBLERUN_RUN: bus.run });

async function monitor() {
  const service = await startMonitor(env());
  cleanUp.push(() => service.program.kill());
  await until('the Monitor is ready', () => service.program.isReady());
  return service;
}

function worker(leaseMs = 1500): Program {
  const program = new Program(WORKER, { env: { ...env(), LEASE_MS: String(leaseMs) } });
  cleanUp.push(() => program.kill());
  return program;
}

const out = async () => (await peek.dump('out')).map(({ data }) => Number(data.toString()));

test('the marble of a killed worker returns to the front, and another finishes it', async () => {
  await monitor();
  await marble.send('in', { n: 1, do: 'hold' });
  const first = worker();
  await first.line(/^took 1 attempt 1$/);
  await marble.send('in', { n: 2, do: 'finish' });
  await first.kill();
  const second = worker();
  await second.line(/^finished 1$/);
  expect(second.lines).toContain('took 1 attempt 2');
  await second.line(/^finished 2$/);
  expect((await out()).sort()).toEqual([1, 2]);
  expect((await peek.show()).find(({ queue }) => queue === 'in')).toMatchObject({
    depth: 0,
    held: 0,
    counts: { sent: 2, dropped: 1, returned: 1, finished: 2 },
  });
});

test('a worker that was stopped for longer than its lease is refused when it goes on', async () => {
  await monitor();
  const [slow, other] = [worker(), worker()];
  await until('both wait', async () => (await peek.status.holderCount()) === 2);
  await marble.send('in', { n: 1, do: 'block', ms: 700 });
  await until('one of them has it', () => [slow, other].some(({ lines }) => lines.includes('took 1 attempt 1')));
  const [stopped, free] = slow.lines.length > 0 ? [slow, other] : [other, slow];
  stopped.signal('SIGSTOP');
  await free.line(/^finished 1$/);
  stopped.signal('SIGCONT');
  await stopped.line(/^refused 1 MR_LEASE_LOST$/);
  expect(await out()).toEqual([1]);
  await marble.send('in', { n: 2, do: 'finish' }); // and both go on working
  await until('the next is finished', async () => (await out()).includes(2));
});

test('a worker that computes for longer than its lease keeps its marble', async () => {
  await monitor();
  const busy = worker();
  await until('it waits', async () => (await peek.status.holderCount()) === 1);
  await marble.send('in', { n: 1, do: 'block', ms: 4000 });
  await busy.line(/^finished 1$/);
  expect(busy.lines).toEqual(['took 1 attempt 1', 'finished 1']);
  expect(await out()).toEqual([1]);
});

test('when Redis is killed and comes back, worker, Monitor and sender go on by themselves', async () => {
  const redis = await RedisServer.start(['--appendonly', 'yes', '--appendfsync', 'always']);
  cleanUp.push(() => redis.stop());
  use(freshBus(redis.url));
  const service = await monitor();
  const program = worker(3000);
  await marble.send('in', { n: 1, do: 'finish' });
  await program.line(/^finished 1$/);

  await redis.kill();
  await until('the Monitor says that it is not ready', async () => !(await service.program.isReady()));
  const sent = marble.send('in', { n: 2, do: 'finish' }); // this waits for Redis
  await redis.restart();
  await sent;
  await program.line(/^finished 2$/, 40_000);
  await until('the Monitor is ready again', () => service.program.isReady(), { deadlineMs: 40_000 });
  expect(await out()).toEqual([1, 2]);
});
