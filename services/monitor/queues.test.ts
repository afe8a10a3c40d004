/**
 * Very many queues are read in steps, shown in pages, and compressed; each reading is followed by a rest that is longer
 * than it took.
 */
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freshBus, redisCli, until } from '@marblerun/test-support';
import { keysOf } from '@marblerun/internal';
import { Communicator } from 'marblerun/communicator';
import { buildMonitor } from './app.js';
import { readConfig } from './config.js';

/** More queues than fit into a step of the registry or one count of an audit; many have the same date. */
const MANY = 2500;
const name = (i: number) => `tenant-${i % 7}/jobs:${i}`;
const bus = freshBus();
const keys = keysOf(bus.run);
const communicator = new Communicator(bus);
const monitor = buildMonitor(
  readConfig({ MARBLERUN_REDIS: bus.redis, MARBLERUN_RUN: bus.run, MARBLERUN_LOG_LEVEL: 'silent' }),
);
const path = `/api/runs/${bus.run}/queues`;
const get = async (query: string) => (await monitor.server.inject(`${path}?${query}`)).json<Answer>();
const all = Array.from({ length: MANY }, (_, i) => name(i)).sort();

interface Answer {
  readonly total: number;
  readonly queues: { readonly queue: string; readonly depth: number }[];
  readonly next?: string;
}

beforeAll(async () => {
  const dates = Array.from({ length: MANY }, (_, i) => [String(i < 1200 ? 1000 : i), name(i)]).flat();
  const counts = Array.from({ length: MANY }, (_, i) => [`${name(i)} sent`, '1']).flat();
  await redisCli(['-u', bus.redis], 'ZADD', keys.queues, ...dates);
  await redisCli(['-u', bus.redis], 'HSET', keys.counts, ...counts);
  const [old, young] = ['id0 0 0 j\n1', `id1 0 ${Date.now().toString(36)} j\n1`];
  await redisCli(['-u', bus.redis], 'LPUSH', keys.queue(name(3)), young, young);
  await redisCli(['-u', bus.redis], 'LPUSH', keys.queue(name(800)), old);
});
afterAll(async () => {
  await communicator.close();
  await monitor.server.close();
  await monitor.stop();
});

test('every name is read once, also of many with one date, and while names move', async () => {
  const seen: string[] = [];
  for await (const some of communicator.queues.names()) {
    expect(some.length).toBeLessThanOrEqual(1200);
    seen.push(...some);
    await redisCli(['-u', bus.redis], 'ZADD', keys.queues, 'XX', String(9000 + seen.length), name(seen.length % MANY));
  }
  expect(seen.sort()).toEqual(all);
});

test('pages go through all names in order, without a gap and without one twice', async () => {
  const seen: string[] = [];
  let after = '';
  for (let pages = 0; ; pages++) {
    expect(pages).toBeLessThan(7);
    const { total, queues, next } = await get(`limit=400${after}`);
    expect([total, queues.length]).toEqual([MANY, Math.min(400, MANY - seen.length)]);
    seen.push(...queues.map(({ queue }) => queue));
    if (next === undefined) break;
    after = `&after=${encodeURIComponent(next)}`;
  }
  expect(seen).toEqual(all);
});

test('a part of a name chooses; a limit that just fits leaves nothing over', async () => {
  const matching = all.filter((queue) => queue.includes('3/jobs:10'));
  expect(await get(`name=3/jobs:10&limit=${matching.length}`)).toEqual({
    total: matching.length,
    queues: matching.map((queue) => expect.objectContaining({ queue, depth: 0 })),
  });
  expect((await get(`name=nowhere`)).total).toBe(0);
});

test('the most telling come first where they are asked for', async () => {
  const { total, queues, next } = await get('order=telling&limit=2');
  expect([total, next]).toEqual([MANY, undefined]);
  expect(queues.map(({ queue, depth }) => [queue, depth])).toEqual([
    [name(3), 2],
    [name(800), 1],
  ]);
});

test.each([
  ['limit=0', 'limit'],
  ['limit=1001', 'limit'],
  ['order=depth', 'order'],
  ['order=telling&after=a', 'after'],
  ['order=telling&name=a', 'name'],
  [`name=${'x'.repeat(129)}`, 'name'],
])('%s is refused, and the field is named', async (query, field) => {
  const reply = await monitor.server.inject(`${path}?${query}`);
  expect([reply.statusCode, reply.json<{ detail: string }>().detail]).toEqual([400, expect.stringContaining(field)]);
});

test('a large answer is compressed for those who take it, and is the same; a small one and a request are left as they are', async () => {
  const url = '/openapi.json';
  const plain = await monitor.server.inject({ url });
  const zipped = await monitor.server.inject({ url, headers: { 'accept-encoding': 'gzip, br' } });
  expect([plain.headers['content-encoding'], zipped.headers['content-encoding']]).toEqual([undefined, 'gzip']);
  expect(zipped.headers['vary']).toContain('accept-encoding');
  const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  expect(hash(gunzipSync(zipped.rawPayload))).toBe(hash(plain.rawPayload));
  expect(zipped.rawPayload.length).toBeLessThan(plain.rawPayload.length / 5);
  const small = await monitor.server.inject({ url: '/health/live', headers: { 'accept-encoding': 'gzip' } });
  expect(small.headers['content-encoding']).toBeUndefined();
});

test('the audit of more than it counts at once agrees with itself', async () => {
  const before = await communicator.audit.take();
  expect([before.due, before.there, before.moved]).toEqual([MANY, 3, 0]);
  await redisCli(['-u', bus.redis], 'LPUSH', keys.queue(name(5)), 'a 0 0 j\n1');
  expect((await communicator.audit.take()).there).toBe(4);
});

test('what was counted of a queue stays in the sums when the queue is forgotten', async () => {
  const sent = async () => {
    const text = (await monitor.server.inject('/metrics')).body;
    return Number(/^marblerun_run_marbles_total\{[^}]*event="sent"\} (\d+)$/m.exec(text)?.[1]);
  };
  await until('all are counted', async () => (await sent()) === MANY);
  await communicator.prune(60_000);
  const still = name(9);
  await redisCli(['-u', bus.redis], 'ZADD', keys.queues, '1.5', still);
  expect(await communicator.prune(60_000)).toBe(1);
  expect(await redisCli(['-u', bus.redis], 'ZSCORE', keys.queues, still)).toBe('');
  await until('it is left out', async () => (await get('limit=1')).total === MANY - 1);
  await until('a later reading', async () =>
    (await monitor.server.inject('/metrics')).body.includes(`marblerun_queues{run="${bus.run}"} ${MANY - 1}`),
  );
  expect(await sent()).toBe(MANY);
});
