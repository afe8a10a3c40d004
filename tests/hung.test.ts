/** A worker whose event loop is blocked beyond a time limit hangs: it is shown, counted, and shown no longer when it turns again. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startMonitor, type RunningMonitor } from '@marblerun/monitor';
import { Program, freshBus, until, type Bus } from '@marblerun/test-support';
import { Marble } from 'marblerun';

const HANDLERS = new URL('programs/handlers.js', import.meta.url).pathname;
const BLOCK_MS = 9000;
const PATIENT = { deadlineMs: 30_000, everyMs: 50 };

interface Holder {
  readonly holder: string;
  readonly hungMs?: number;
  readonly about: { readonly pid?: string };
}
let bus: Bus;
let marble: Marble<{ in: { n: number; do: 'block' | 'ignore'; ms?: number } }>;
let monitor: RunningMonitor;
const workers: Program[] = [];

beforeEach(async () => {
  bus = freshBus();
  marble = new Marble({ ...bus, timeLimitMs: 0 });
  monitor = await startMonitor({ ...bus, port: 0, sweepMs: 100, logLevel: 'silent' });
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.kill()));
  await Promise.all([marble.close(), monitor.stop()]);
});

async function worker(timeLimitMs: number): Promise<Program> {
  const env = { MARBLERUN_REDIS: bus.redis, MARBLERUN_RUN: bus.run, LEASE_MS: '3000', CONCURRENCY: '1' };
  const program = new Program(HANDLERS, { env: { ...env, TIME_LIMIT_MS: String(timeLimitMs) } });
  workers.push(program);
  await until('it waits', async () => (await holders()).some(({ about }) => about.pid === String(program.pid)));
  return program;
}
const get = async (path: string) => fetch(monitor.url! + path);
const holders = async () => (await (await get(`/api/runs/${bus.run}/holders`)).json()) as Holder[];
const hung = async () => (await holders()).filter(({ hungMs }) => hungMs !== undefined);
const metric = async () => /^marblerun_hung\{.*\} (\d+)$/m.exec(await (await get('/metrics')).text())?.[1];

test('a worker that is blocked beyond its time limit hangs until its loop turns again', async () => {
  const hangs = await worker(1000);
  expect([await hung(), await metric()]).toEqual([[], '0']);
  await marble.send('in', { n: 1, do: 'block', ms: BLOCK_MS });
  const [holder] = await until(
    'it hangs',
    async () => {
      const found = await hung();
      return found.length > 0 && found;
    },
    PATIENT,
  );
  expect(hangs.lines).not.toContain('free');
  expect(holder!.about.pid).toBe(String(hangs.pid));
  expect(await metric()).toBe('1');
  expect(await marble.status()).toMatchObject({ hung: 1 });
  const [queue] = (await marble.status()).queues;
  expect(queue).toMatchObject({ queue: 'in', depth: 1, held: 0 }); // another worker could have it
  await until('its loop turns', () => hangs.lines.includes('free'), PATIENT);
  await until('it hangs no longer', async () => (await hung()).length === 0, PATIENT);
  expect(await metric()).toBe('0');
});

test('a worker that is blocked within its limit does not hang, nor does one that waits for longer than its limit', async () => {
  const busy = await worker(60_000);
  await marble.send('in', { n: 1, do: 'block', ms: 5000 });
  await until('it is blocked', () => busy.lines.includes('blocked'), PATIENT);
  const patient = await worker(1000);
  await marble.send('in', { n: 2, do: 'ignore' });
  await until('its marble is charged', async () => (await marble.status()).queues[0]!.counts.dropped > 0, PATIENT);
  expect(patient.lines).toContain('took 2');
  const seen: unknown[] = [];
  await until(
    'the busy one is free again',
    async () => {
      seen.push(...(await hung()));
      return busy.lines.includes('free');
    },
    PATIENT,
  );
  expect(seen).toEqual([]);
});
