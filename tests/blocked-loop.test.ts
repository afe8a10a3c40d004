/** A handler that blocks the event loop of its worker keeps only its own marble from others. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Program, freshBus, until, type Bus } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { Communicator } from 'marblerun/communicator';
import { Redis } from 'ioredis';

const HANDLERS = new URL('programs/handlers.js', import.meta.url).pathname;
const BLOCK_MS = 8000;
interface Work {
  readonly n: number;
  readonly do: 'finish' | 'block';
  readonly ms?: number;
}
let bus: Bus;
let redis: Redis;
let peek: Communicator;
let marble: Marble<{ in: Work; out: number }>;
let worker: Program;

beforeEach(() => {
  bus = freshBus();
  redis = new Redis(bus.redis);
  peek = new Communicator(bus);
  marble = new Marble(bus);
});
afterEach(async () => {
  await worker.kill();
  await Promise.all([marble.close(), peek.close()]);
  redis.disconnect();
});

const fast = (first: number, n: number): Work[] =>
  Array.from({ length: n }, (_, i) => ({ n: first + i, do: 'finish', ms: 0 }));
const status = async () => (await peek.show()).find(({ queue }) => queue === 'in')!;
const waiting = async () => {
  const envelopes = await peek.dump('in', 0, 1000);
  return envelopes.map(({ data, attempt, suspicion }) => [(JSON.parse(String(data)) as Work).n, attempt, suspicion]);
};
const done = async () => (await peek.dump('out', 0, 1000)).map(({ data }) => Number(data)).sort((a, b) => a - b);
const from = (first: number, n: number) => Array.from({ length: n }, (_, i) => first + i);

/** Makes a worker that has learnt that its handlers are fast, so that it takes ahead. */
async function quickWorker(concurrency: number): Promise<void> {
  await marble.sendMany('in', fast(1, 200));
  const env = {
    MARBLERUN_REDIS: bus.redis,
    MARBLERUN_RUN: bus.run,
    LEASE_MS: '600000',
    CONCURRENCY: String(concurrency),
  };
  worker = new Program(HANDLERS, { env });
  await until('the first are finished', async () => (await status()).counts.finished === 200);
}

test('one that blocks in its first moment has its lease renewed nonetheless', async () => {
  await marble.sendMany('in', [{ n: 1, do: 'block', ms: BLOCK_MS }]);
  worker = new Program(HANDLERS, { env: { MARBLERUN_REDIS: bus.redis, MARBLERUN_RUN: bus.run, LEASE_MS: '10000' } });
  await until('its loop is blocked', () => worker.lines.includes('blocked'));
  const [before] = await peek.status.holders();
  await until('its lease is renewed twice', async () => {
    const [now] = await peek.status.holders();
    return now!.leaseUntil > before!.leaseUntil + 4000; // a heartbeat is due each third of a lease
  });
  expect(worker.lines).not.toContain('free');
  await until('it is done', async () => (await done()).length === 1);
});

test('what it took ahead is back at once, in order and uncharged; another works on it meanwhile', async () => {
  await quickWorker(1);
  await marble.sendMany('in', [{ n: 201, do: 'block', ms: BLOCK_MS }, ...fast(202, 50)]);
  await until('some were taken ahead', async () => (await status()).held > 1);
  await until('its loop is blocked', () => worker.lines.includes('blocked'));
  await until('they are back', async () => (await status()).depth === 50);
  expect(await waiting()).toEqual(from(202, 50).map((n) => [n, 0, undefined]));
  expect((await status()).held).toBe(1);

  const other = marble.work('in', (work, held) => void held.send('out', work.n));
  await until('the other has done them', async () => (await status()).counts.finished === 250);
  expect(worker.lines).not.toContain('free');
  await other.stop();
  await until('the slow one is done', async () => (await status()).counts.finished === 251);
  expect(await done()).toEqual(from(1, 251));
  expect((await status()).counts).toMatchObject({ failed: 0, dropped: 0 });

  await marble.sendMany('in', fast(252, 50));
  await until('it works on', async () => (await status()).counts.finished === 301);
  expect(await done()).toEqual(from(1, 301));
}, 60_000);

test('what is handed over to it while it is blocked goes back too, and nothing more is handed over', async () => {
  await quickWorker(2);
  await marble.send('in', { n: 201, do: 'block', ms: BLOCK_MS });
  await until('its loop is blocked', () => worker.lines.includes('blocked'));
  await marble.send('in', { n: 202, do: 'finish', ms: 0 });
  await until('it was handed over', async () => (await redis.keys(`mr:{${bus.run}}:inbox:*`)).length === 1);
  await until('it is back', async () => (await status()).counts.released === 1);
  await marble.send('in', { n: 203, do: 'finish', ms: 0 });
  expect(await waiting()).toEqual([202, 203].map((n) => [n, 0, undefined]));
  expect(worker.lines).not.toContain('free');
  await until('all is done', async () => (await status()).counts.finished === 203);
  expect(await done()).toEqual(from(1, 203));
}, 60_000);
