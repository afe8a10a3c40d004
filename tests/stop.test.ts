/**
 * Orderly stops of real processes. SIGTERM in the middle of work finishes or gives back all of it, at once: leases here
 * are so long that nothing could come back through them. A second SIGTERM ends the process immediately.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Program, RedisServer, freshBus, until, type Bus } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { holdersOf } from '@marblerun/internal';
import { Communicator } from 'marblerun/communicator';
import { Redis } from 'ioredis';
import { startElevator, startMonitor } from './services.js';

const HANDLERS = new URL('programs/handlers.js', import.meta.url).pathname;
const LOOP = new URL('programs/worker.js', import.meta.url).pathname;
const LONG_MS = 600_000;
let bus: Bus;
let server: RedisServer;
let redis: Redis;
let peek: Communicator;
let marble: Marble;
let cleanUp: (() => Promise<unknown>)[];

beforeEach(async () => {
  server = await RedisServer.start();
  bus = freshBus(server.url);
  redis = new Redis(bus.redis, { maxRetriesPerRequest: null });
  peek = new Communicator(bus);
  marble = new Marble(bus);
  cleanUp = [() => server.stop()];
});
afterEach(async () => {
  server.signal('SIGCONT');
  await Promise.all([marble.close(), peek.close()]);
  redis.disconnect();
  for (const step of cleanUp.reverse()) await step();
});

const env = () => ({ MARBLERUN_REDIS: bus.redis, MARBLERUN_RUN: bus.run, LEASE_MS: String(LONG_MS) });
function program(file: string, more: Record<string, string> = {}): Program {
  const started = new Program(file, { env: { ...env(), ...more } });
  cleanUp.push(() => started.kill());
  return started;
}
const numbers = async (queue: string) =>
  (await peek.dump(queue, 0, 10_000)).map(
    ({ data }) => (JSON.parse(data.toString()) as { n?: number }).n ?? Number(data),
  );
const sorted = (list: number[]) => [...list].sort((a, b) => a - b);
const from1to = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
/** Lists traces that a holder must not leave when it is gone. */
const traces = async () => (await redis.keys(`mr:{${bus.run}}:*`)).filter((key) => /:(held|holder|inbox):/.test(key));
const heldCount = async () => (await peek.status.holders()).reduce((sum, { held }) => sum + held, 0);

test('SIGTERM in the middle of 50 marbles: what can be finished is, the rest is given back, nothing waits for a lease', async () => {
  const kinds = ['finish', 'heed', 'ignore'] as const;
  await marble.sendMany(
    'in',
    from1to(80).map((n) => ({ n, do: kinds[n % 3], ms: 500 })),
  );
  const worker = program(HANDLERS, { DRAIN_MS: '3000' });
  await until('50 are worked on', () => worker.lines.length >= 50);
  expect(await heldCount()).toBeGreaterThanOrEqual(50);
  expect((await peek.status.holders()).length).toBe(1);
  worker.signal('SIGTERM');
  expect(await worker.exited).toEqual({ code: 0, signal: null });
  const [back, out] = [await numbers('in'), await numbers('out')];
  expect(sorted([...back, ...out])).toEqual(from1to(80));
  expect(sorted(out)).toEqual(
    expect.arrayContaining(
      from1to(50)
        .filter((n) => n % 3 === 0)
        .slice(0, 16),
    ),
  );
  expect(out.every((n) => n % 3 === 0)).toBe(true);
  const released = (await peek.dump('in', 0, 100)).filter(({ attempt }) => attempt > 0);
  expect(released.every(({ failures }) => failures?.every(({ why }) => why === 'failed'))).toBe(true);
  expect(await traces()).toEqual([]);
  expect(await peek.status.holders()).toEqual([]);
});

test('a second SIGTERM ends a worker at once; its marbles come back by the lease', async () => {
  await marble.sendMany(
    'in',
    from1to(50).map((n) => ({ n, do: 'ignore' })),
  );
  const worker = program(HANDLERS, { DRAIN_MS: String(LONG_MS), LEASE_MS: '1000' });
  await until('50 are worked on', () => worker.lines.length >= 50);
  worker.signal('SIGTERM');
  await worker.line(/stopping/);
  expect(worker.running).toBe(true);
  expect(await numbers('in')).toEqual([]);
  worker.signal('SIGTERM');
  expect(await worker.exited).toEqual({ code: null, signal: 'SIGTERM' });
  expect(await heldCount()).toBe(50);
  await until('all are back', async () => {
    await peek.recovery.sweep(5);
    return (await numbers('in')).length === 50;
  });
  expect(await numbers('in')).toEqual(from1to(50));
});

test('SIGTERM while Redis hangs: the worker ends after its time to close, and says why', async () => {
  await marble.sendMany(
    'in',
    from1to(50).map((n) => ({ n, do: 'heed' })),
  );
  const worker = program(HANDLERS, { DRAIN_MS: '100', CLOSE_MS: '1000' });
  await until('50 are worked on', () => worker.lines.length >= 50);
  server.signal('SIGSTOP');
  worker.signal('SIGTERM');
  expect(await worker.exited).toEqual({ code: 1, signal: null });
  expect(worker.lines.at(-1)).toMatch(/MR_CLOSED/);
  server.signal('SIGCONT');
  expect(await heldCount()).toBe(50);
});

test('the loop form gives back what is in hand when it is closed', async () => {
  await marble.send('in', { n: 1, do: 'hold' });
  const worker = program(LOOP);
  await worker.line(/took 1/);
  expect(await heldCount()).toBe(1);
  worker.signal('SIGTERM');
  expect(await worker.exited).toMatchObject({ code: 0 });
  expect(await numbers('in')).toEqual([1]);
  expect((await peek.dump('in'))[0]).toMatchObject({ attempt: 0 });
  expect(await traces()).toEqual([]);
});

test('SIGTERM in the middle of a sweep: the Monitor ends in order, and no marble is lost or doubled', async () => {
  const n = 5000;
  await marble.sendMany(
    'in',
    from1to(n).map((i) => ({ n: i })),
  );
  for (let i = 0; i < 10; i++) {
    const holding = holdersOf(peek).holding(holdersOf(peek).waitingConnection(1000), {
      ...{ leaseMs: 100, timeLimitMs: 0, maxAttempts: 5, description: {} },
    });
    await holding.enter();
    expect(await holding.swap({ sources: ['in'], want: n / 10 })).toMatchObject({ forgotten: false });
  }
  expect(await heldCount()).toBe(n);
  const { program: monitor } = await startMonitor(env());
  cleanUp.push(() => monitor.kill());
  await until('the sweep has begun', async () => (await redis.llen(`mr:{${bus.run}}:q:in`)) > 0, { everyMs: 1 });
  monitor.signal('SIGTERM');
  expect(await monitor.exited).toEqual({ code: 0, signal: null });
  expect((await numbers('in')).length + (await heldCount())).toBe(n);
  const { program: next } = await startMonitor(env());
  cleanUp.push(() => next.kill());
  await until('all are back', async () => (await redis.llen(`mr:{${bus.run}}:q:in`)) === n);
  expect(sorted(await numbers('in'))).toEqual(from1to(n));
  expect(await traces()).toEqual([]);
});

test('SIGTERM in the middle of a journey: the Elevator clears what has landed, and each marble arrives once', async () => {
  const n = 3000;
  const lanes = {
    runs: { low: { redis: bus.redis, run: bus.run }, high: { redis: bus.redis, run: `${bus.run}-high` } },
    lanes: [{ name: 'up', from: 'low', to: 'high' }],
  };
  const high = new Communicator({ redis: bus.redis, run: `${bus.run}-high` });
  cleanUp.push(() => high.close());
  const arrived = async () => (await high.dump('in', 0, n + 1)).map(({ data }) => Number(data.toString()));
  const below = async () => {
    const [waiting, transit] = await Promise.all(
      ['up:in', 'lane:up:transit'].map((key) => redis.llen(`mr:{${bus.run}}:${key}`)),
    );
    return { waiting, transit };
  };
  for (let i = 1; i <= n; i += 500) await Promise.all(from1to(500).map((j) => marble.elevate('in', i + j - 1)));
  expect(await below()).toEqual({ waiting: n, transit: 0 });
  const more = { MARBLERUN_LANES: JSON.stringify(lanes), MARBLERUN_BATCH_MARBLES: '5', MARBLERUN_REDIS: bus.redis };
  const { program: elevator } = await startElevator(more);
  cleanUp.push(() => elevator.kill());
  await until('the first have arrived', async () => (await arrived()).length > 0, { everyMs: 1 });
  elevator.signal('SIGTERM');
  expect(await elevator.exited).toEqual({ code: 0, signal: null });
  const [{ waiting, transit }, there] = [await below(), await arrived()];
  expect(transit).toBe(0);
  expect(waiting! + there.length).toBe(n);
  const { program: next } = await startElevator(more);
  cleanUp.push(() => next.kill());
  await until('all have arrived', async () => (await below()).waiting === 0 && (await below()).transit === 0);
  expect(await arrived()).toEqual(from1to(n));
});

test.each([
  ['Monitor', () => startMonitor({ ...env(), MARBLERUN_DRAIN_MS: '600000' })],
  [
    'Elevator',
    () =>
      startElevator({
        MARBLERUN_DRAIN_MS: '600000',
        MARBLERUN_REDIS: bus.redis,
        MARBLERUN_LANES: JSON.stringify({ runs: { a: {}, b: {} }, lanes: [{ name: 'up', from: 'a', to: 'b' }] }),
      }),
  ],
])('a %s that cannot end its turn because Redis hangs ends at once at the second SIGTERM', async (_name, start) => {
  const { program: service, url } = await start();
  cleanUp.push(() => service.kill());
  await until('it is ready', async () => (await fetch(`${url}/health/ready`)).ok);
  server.signal('SIGSTOP');
  const hangs = async () => {
    const asked = Date.now();
    await fetch(`${url}/metrics`);
    return Date.now() - asked > 1000; // the turns of that time hang too, on connections that count as ready
  };
  await until('its turns hang', hangs);
  service.signal('SIGTERM');
  await service.line(/"signal":"SIGTERM".*"stops"/);
  const stopping = Date.now();
  service.signal('SIGTERM');
  const { code } = await service.exited;
  expect(code).not.toBe(0);
  expect(Date.now() - stopping).toBeLessThan(30_000); // of 600
});
