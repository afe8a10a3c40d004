/**
 * The audit: whatever happens to marbles, their counts agree with what exists, until something is lost.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLogger } from '@marblerun/service';
import { RedisServer, redisCli, until } from '@marblerun/test-support';
import { holdersOf, keysOf } from '@marblerun/internal';
import { Communicator, encodeEnvelope, type Output } from 'marblerun/communicator';
import { buildMonitor } from './app.js';
import { readConfig } from './config.js';
import { RedisWatch } from './redis-watch.js';

let server: RedisServer;
let bus: Communicator;
let watch: RedisWatch;
const keys = keysOf('main');
const admin = (...command: string[]) => redisCli(server.port, ...command);
const marble = (id: string, more: Partial<Output> = {}): Output => ({
  ...{ kind: 'back' as const, queue: 'q', envelope: encodeEnvelope({ id, attempt: 0, sentAt: 0, type: 'j' }, '1') },
  ...more,
});
const send = (n: number, more: Partial<Output> = {}) =>
  bus.push(Array.from({ length: n }, (_, i) => marble(`${i}`, more)));

beforeEach(async () => {
  server = await RedisServer.start();
  bus = new Communicator({ redis: server.url, run: 'main' });
  watch = new RedisWatch('main', bus, createLogger('test', 'silent'));
});
afterEach(async () => {
  await bus.close();
  await server.stop();
});

async function holder() {
  const options = { leaseMs: 600_000, timeLimitMs: 0, maxAttempts: 2, description: {} };
  const holding = holdersOf(bus).holding(holdersOf(bus).waitingConnection(1000), options);
  await holding.enter();
  const take = async (want: number, waitOn?: string) => {
    const result = await holding.swap({ sources: ['q'], want, waitOn });
    return result.forgotten ? [] : result.taken;
  };
  return { holding, take };
}
const balance = async () => {
  const { due, there, moved } = await bus.audit.take();
  return { missing: due - there, there, moved };
};
const unaccounted = async () => {
  await watch.audit();
  return watch.unaccounted;
};

test('whatever is done to marbles, all are accounted for', async () => {
  const steps: Record<string, () => Promise<unknown>> = {
    sends: () => send(20),
    delays: () => send(3, { kind: 'later', delayMs: 1 }),
    'delays for long': () => send(2, { kind: 'later', delayMs: 3_600_000 }),
    expedites: () => send(2, { kind: 'front' }),
    elevates: () => send(5, { kind: 'up' }),
    buries: () => send(4, { kind: 'dead', reason: '{"why":"tested"}' }),
    promotes: () => until('they are due', async () => (await bus.recovery.promote()).moved > 0),
    lifts: () => bus.laneSource('up').lift(['q'], { marbles: 3, bytes: 1e6 }),
    takes: async () => (one = await holder()).take(6),
    finishes: async () => {
      const [held] = await one.take(1);
      await one.holding.swap({ finish: [{ held: held!, outputs: [marble('out', { queue: 'out' })] }] });
    },
    fails: async () => {
      const held = (await one.take(3)).reverse();
      await one.holding.giveBack([
        { held: held[0]!, verdict: 'fail', delayMs: 0 },
        { held: held[1]!, verdict: 'fail', delayMs: 60_000 },
        { held: held[2]!, verdict: 'release', delayMs: 0 },
      ]);
    },
    waits: async () => {
      const other = await holder();
      await other.holding.swap({ sources: ['empty'], want: 1, waitOn: 'empty' });
      const came = other.holding.block('empty', 5000);
      await send(1, { queue: 'empty' });
      await came; // it has landed, and no script has counted it yet
    },
    'falls silent': async () => {
      await bus.recovery.endLease(one.holding.id);
      await bus.recovery.sweep(2);
    },
    'pops unmonitored': () => bus.pop(['q'], 2),
    'waits unmonitored': async () => {
      const came = holdersOf(bus).popBlocking(holdersOf(bus).waitingConnection(1000), 'alone', 1000);
      await send(1, { queue: 'alone' });
      await came;
      await bus.pop(['alone'], 0);
    },
    transfers: () => bus.transfer('q', 'other', 3),
    destroys: () => bus.destroy('other'),
    requeues: async () => bus.deadLetters.requeue([(await bus.deadLetters.list())[0]!.serial]),
    deletes: async () => bus.deadLetters.remove([(await bus.deadLetters.list())[0]!.serial]),
    expires: () => bus.deadLetters.expire(1, 0),
    prunes: async () => {
      await send(2, { queue: 'still', kind: 'later', delayMs: 3_600_000 });
      await send(1, { queue: 'still' });
      await bus.pop(['still'], 1);
      expect(await bus.prune(0)).toBeGreaterThan(0);
    },
  };
  let one!: Awaited<ReturnType<typeof holder>>;
  for (const [name, step] of Object.entries(steps)) {
    await step();
    expect({ name, ...(await balance()) }).toMatchObject({ name, missing: 0, moved: 0 });
  }
  expect((await balance()).there).toBeGreaterThan(10);
});

test('a list that is deleted is told at the second audit, and once; what is there again is accounted for', async () => {
  await send(30);
  await send(10, { queue: 'other' });
  expect(await unaccounted()).toBe(0);
  await admin('RENAME', keys.queue('q'), 'aside');
  expect([await unaccounted(), await unaccounted(), await unaccounted()]).toEqual([0, 30, 30]);
  await admin('RENAME', 'aside', keys.queue('q'));
  expect([await unaccounted(), await unaccounted()]).toEqual([0, 0]);
  await admin('DEL', keys.queue('other'), keys.queue('q'));
  await unaccounted();
  expect(await unaccounted()).toBe(40);
  await admin('HINCRBY', keys.counts, 'q deleted', '40'); // this is what docs/OPERATIONS.md says to do
  expect(await unaccounted()).toBe(0);
});

test('FLUSHALL in the middle is noticed, with what there was, and what is sent after it is no part of that', async () => {
  await send(50);
  await bus.pop(['q'], 10);
  expect(await unaccounted()).toBe(0);
  await admin('FLUSHALL');
  await send(70);
  expect([await unaccounted(), await unaccounted()]).toEqual([40, 40]);
  await admin('DEL', keys.queue('q'));
  await unaccounted();
  expect(await unaccounted()).toBe(110);
});

test('counts that are evicted alone are no lost marbles, and losses after that are seen', async () => {
  await send(50);
  expect(await unaccounted()).toBe(0);
  await admin('DEL', keys.counts);
  await send(5);
  expect([await unaccounted(), await unaccounted()]).toEqual([0, 0]);
  await send(20, { queue: 'other' });
  await admin('DEL', keys.queue('other'));
  await unaccounted();
  expect(await unaccounted()).toBe(20);
});

test('a Redis that evicts: it is seen before and after', async () => {
  await watch.lookAtPolicy();
  expect(watch.policy).toBe('');
  expect(await unaccounted()).toBe(0);
  await admin('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
  await watch.lookAtPolicy();
  expect(watch.policy).toBe('allkeys-lru');
  await send(3000, { envelope: encodeEnvelope({ id: 'x', attempt: 0, sentAt: 0, type: 'b' }, Buffer.alloc(1000)) });
  for (let i = 0; i < 20; i++) await admin('GET', keys.counts).catch(() => undefined);
  expect(await unaccounted()).toBe(0);
  const used = Number(/^used_memory:(\d+)/m.exec(await admin('INFO', 'memory'))![1]);
  await admin('CONFIG', 'SET', 'maxmemory', String(used - 2_000_000));
  await until('it has evicted', async () => (await admin('EXISTS', keys.queue('q'))) === '0');
  await admin('CONFIG', 'SET', 'maxmemory', '0');
  await unaccounted();
  expect(await unaccounted()).toBe(3000);
});

test('a run of more lists than one step looks at, under traffic: nothing is told that is not so, and a loss is', async () => {
  const queues = Array.from({ length: 1500 }, (_, i) => `q${i}`);
  await bus.push(queues.map((queue, i) => marble(`${i}`, { queue })));
  await send(100, { queue: 'lost' });
  const traffic = { on: true };
  const moving = (async () => {
    while (traffic.on) {
      await bus.pop(queues.slice(0, 20), 5);
      await bus.push(queues.slice(0, 5).map((queue, i) => marble(`${i}`, { queue })));
    }
  })();
  for (let i = 0; i < 10; i++) expect(await unaccounted()).toBe(0);
  await admin('DEL', keys.queue('lost'));
  await until('most of it is told', async () => (await unaccounted())! > 50);
  traffic.on = false;
  await moving;
  await unaccounted();
  expect(await unaccounted()).toBe(100);
});

test('a Monitor of a Redis that may evict is not ready, says why, and exports it; and what is missing', async () => {
  const monitor = buildMonitor(
    readConfig({
      ...{ MARBLERUN_REDIS: server.url, MARBLERUN_RUN: 'main', MARBLERUN_AUDIT_MS: '100' },
      MARBLERUN_LOG_LEVEL: 'silent',
    }),
  );
  const asked = async (url: string) => (await monitor.server.inject(url)).body;
  try {
    await send(30);
    await admin('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    monitor.start();
    await until('it is known', async () =>
      (await asked('/metrics')).includes('marblerun_redis_may_evict{run="main"} 1'),
    );
    expect((await monitor.server.inject('/health/ready')).statusCode).toBe(503);
    expect(await asked('/health/ready')).toContain('this Redis may evict: allkeys-lru');
    await until('it was audited', async () => (await asked('/metrics')).includes('unaccounted{run="main"} 0'));
    await admin('DEL', keys.queue('q'));
    await until('it is told', async () => (await asked('/metrics')).includes('unaccounted{run="main"} 30'));
  } finally {
    await monitor.server.close();
    await monitor.stop();
  }
});
