/**
 * Batches as the Monitor shows them, what a person may do with them, and what the Monitor does with them by itself.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freshBus, redisCli, until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { keysOf } from '@marblerun/internal';
import { Communicator, encodeEnvelope, newId, type BatchAbout, type Output } from 'marblerun/communicator';
import { buildMonitor } from './app.js';
import { readConfig } from './config.js';

const bus = freshBus();
const token = 'a-token-of-the-test-of-batches';
const authorization = `Bearer ${token}`;
const env = {
  MARBLERUN_REDIS: bus.redis,
  MARBLERUN_RUN: bus.run,
  MARBLERUN_LOG_LEVEL: 'silent',
  MARBLERUN_TOKEN: token,
};
const monitor = buildMonitor(readConfig({ ...env, MARBLERUN_METRIC_BATCHES: '2' }));
const communicator = new Communicator(bus);
const marble = new Marble({ ...bus, maxAttempts: 1 });
const path = `/api/runs/${bus.run}/batches`;

interface Batch {
  readonly id: string;
  readonly name: string;
}
interface Problem {
  readonly type: string;
  readonly detail: string;
}

async function get<T>(url: string): Promise<T> {
  return (await monitor.server.inject(url)).json<T>();
}

async function post<T>(url: string, payload?: object, headers: object = { authorization }): Promise<[number, T]> {
  const reply = await monitor.server.inject({
    method: 'POST',
    url,
    headers: { ...headers },
    ...(payload && { payload }),
  });
  return [reply.statusCode, reply.json<T>()];
}

async function open(name: string, parent?: string, settings: Partial<BatchAbout> = {}): Promise<string> {
  const about: BatchAbout = { name, onDead: 'wait', keepMs: 60_000, elevated: 'wait', ...settings };
  return (await communicator.batches.open({ about, parent, then: undefined })).id;
}

async function send(member: string, queue: string, n: number, delayMs?: number): Promise<void> {
  const kind: Output['kind'] = delayMs === undefined ? 'back' : 'later';
  const outputs = Array.from({ length: n }, (_, i): Output => {
    const header = { id: newId(), attempt: 0, sentAt: Date.now(), type: 'j', member } as const;
    return { kind, queue, envelope: encodeEnvelope(header, String(i)), member, ...(delayMs && { delayMs }) };
  });
  await communicator.push(outputs);
}

async function work(queue: string, n: number, error?: (i: number) => string): Promise<void> {
  for (let i = 0; i < n; i++) {
    expect(await marble.wait(queue)).toBeDefined();
    if (error) await marble.fail(new Error(error(i)));
    else await marble.finish();
  }
}

/** A batch with 5 members sent: 2 finished, 2 died of similar errors, 1 is left. */
let import1: string;
beforeAll(async () => {
  import1 = await open('import', undefined, { maxDead: '50%', then: { queue: 'report', digest: '' } });
  await send(import1, 'files', 5);
  await work('files', 2);
  await work('files', 2, (i) => `cannot read line ${i}`);
});
afterAll(async () => {
  await Promise.all([communicator.close(), marble.close()]);
  await monitor.server.close();
  await monitor.stop();
});

test('a page of batches has the open ones first, and one is found by its name', async () => {
  const done = await open('over');
  await communicator.batches.seal(done);
  const { total, batches } = await get<{ total: number; batches: object[] }>(path);
  expect(total).toBe(2);
  expect(batches).toEqual([
    expect.objectContaining({ name: 'import', sent: 5, left: 1, finished: 2, dead: 2, sealed: false, done: false }),
    expect.objectContaining({ id: done, name: 'over', sent: 0, left: 0, done: true, doneAt: expect.any(Number) }),
  ]);
  const names = async (query: string) =>
    (await get<{ batches: Batch[] }>(`${path}?${query}`)).batches.map((b) => b.name);
  expect(await names('limit=1')).toEqual(['import']);
  expect(await names('limit=1&offset=1')).toEqual(['over']);
  expect(await names('name=over')).toEqual(['over']);
  expect(await names('name=none')).toEqual([]);
});

test('a batch tells its settings and what its dead died of, like errors in one group', async () => {
  const detail = await get<object>(`${path}/${import1}`);
  expect(detail).toEqual({
    batch: expect.objectContaining({ id: import1, failedAttempts: 2, openedAt: expect.any(Number) }),
    settings: { onDead: 'wait', maxDead: '50%', keepMs: 60_000, elevated: 'wait', then: 'report' },
    failures: {
      looked: 2,
      groups: [
        {
          ...{ queue: 'files', why: 'failed', error: 'cannot read line #', count: 2 },
          ...{ serials: [expect.any(String), expect.any(String)], lastAt: expect.any(Number) },
        },
      ],
    },
    children: [],
  });
});

test('batches in a batch are told in pages', async () => {
  const parent = await open('parent');
  const ids = [await open('child1', parent), await open('child2', parent), await open('child3', parent)].sort();
  const first = await get<{ children: Batch[]; next: string }>(`${path}/${parent}?limit=2`);
  expect([first.children.map(({ id }) => id), first.next]).toEqual([ids.slice(0, 2), ids[1]]);
  expect(first.children[0]).toMatchObject({ parent });
  const second = await get<{ children: Batch[] }>(`${path}/${parent}?limit=2&after=${first.next}`);
  expect(second.children.map(({ id }) => id)).toEqual(ids.slice(2));
  expect(second).not.toHaveProperty('next');
});

test('metrics are sums over all open batches, a batch in a batch is no marble, and few have their own', async () => {
  const metrics = (await monitor.server.inject('/metrics')).body;
  const of = (name: string) =>
    Number(new RegExp(`^marblerun_${name}\\{run="${bus.run}"\\} (.*)$`, 'm').exec(metrics)?.[1]);
  expect(['open', 'left', 'dead', 'cancelled', 'complete', 'left_out'].map((what) => of(`batches_${what}`))).toEqual([
    ...[5, 1, 2, 0, 1, 3],
  ]);
  expect(of('batches_oldest_seconds')).toBeGreaterThan(0);
  const labels = `run="${bus.run}",batch="import"`;
  expect(metrics).toContain(`marblerun_batch_left{${labels}} 1\n`);
  expect(metrics).toContain(`marblerun_batch_dead{${labels}} 2\n`);
  expect(metrics).toContain(`marblerun_batch_sent{${labels}} 5\n`);
  expect(metrics.match(/^marblerun_batch_left\{/gm)).toHaveLength(2);
});

test('the dead of a batch are tried again, also of one that is complete', async () => {
  const id = await open('again', undefined, { onDead: 'continue' });
  await send(id, 'again', 2);
  await communicator.batches.seal(id);
  await work('again', 2, () => 'broken');
  expect(await get(`${path}/${id}`)).toMatchObject({ batch: { done: true, dead: 2, left: 0 } });
  expect(await post(`${path}/${id}/retry-dead`)).toEqual([200, { requeued: 2 }]);
  expect(await get(`${path}/${id}`)).toMatchObject({
    batch: { done: false, dead: 0, left: 2 },
    failures: { groups: [] },
  });
  await work('again', 2);
  expect(await get(`${path}/${id}`)).toMatchObject({ batch: { done: true, finished: 2 } });
  expect(await post(`${path}/${id}/retry-dead`)).toEqual([200, { requeued: 0 }]);
});

test('a batch is cancelled with its reason and all that is in it, and then nothing of it is tried again', async () => {
  const id = await open('wrong');
  const child = await open('wrong-child', id);
  await send(child, 'wrong', 2);
  await send(child, 'wrong', 3, 600_000);
  expect(await post(`${path}/${id}/cancel`, { reason: 'wrong file' })).toEqual([200, { cancelled: true, left: 1 }]);
  const cancelled = { sealed: true, cancelReason: 'wrong file' };
  expect(await get(`${path}/${id}`)).toMatchObject({ batch: { ...cancelled, done: false } });
  expect(await get(`${path}/${child}`)).toMatchObject({ batch: { ...cancelled, left: 2, cancelled: 3 } });
  expect(await post(`${path}/${id}/retry-dead`)).toEqual([409, expect.objectContaining({ type: 'MR_BATCH_CLOSED' })]);
  const { id: over } = (await get<{ batches: Batch[] }>(`${path}?name=over`)).batches[0]!;
  expect(await post(`${path}/${over}/cancel`)).toEqual([409, expect.objectContaining({ type: 'MR_BATCH_CLOSED' })]);
});

test.each([
  ['', 404],
  ['?limit=0', 400],
  ['?page=2', 400],
  ['?name=', 400],
  ['/none1x', 404],
  ['/none1x?children=all', 400],
  ['/a%20b', 400],
])('GET batches%s of no run or with a mistake is a problem, %d', async (query, status) => {
  const url = query === '' ? '/api/runs/elsewhere/batches' : path + query;
  const reply = await monitor.server.inject(url);
  expect([reply.statusCode, reply.headers['content-type']]).toEqual([
    status,
    expect.stringContaining('application/problem+json'),
  ]);
});

test.each(['cancel', 'retry-dead'])('%s is refused without a token, with a mistake, and for no batch', async (what) => {
  const url = `${path}/${import1}/${what}`;
  const statuses = [
    (await post(url, undefined, {}))[0],
    (await post(`${url}?force=1`))[0],
    (await post(url, { why: 'no such field' }))[0],
    (await post(url, { reason: '', then: 'yes' }))[0],
  ];
  expect(statuses).toEqual([401, 400, 400, 400]);
  expect(await post<Problem>(`${path}/none1x/${what}`)).toEqual([
    404,
    expect.objectContaining({ type: 'MR_NOT_FOUND' }),
  ]);
  expect(await get(`${path}/${import1}`)).toMatchObject({ batch: { dead: 2, sealed: false } });
});

test('what a cancel that was cut left undone is done by the Monitor, and what is over for long is forgotten', async () => {
  const keys = keysOf(bus.run);
  const [id, short] = [await open('cut'), await open('short', undefined, { keepMs: 1 })];
  const child = await open('cut-child', id);
  await send(child, 'cut', 2, 600_000);
  await communicator.batches.seal(short);
  // The state that the first step of a cancel leaves behind.
  const redis = (...command: string[]) => redisCli(['-u', bus.redis], ...command);
  await redis('HSET', keys.batches, `${id} cancel`, 'cut', `${id} sealed`, '1');
  await redis('HINCRBY', keys.batches, `${id} left`, '-1');
  await redis('ZADD', keys.cancelled, '1', id);
  expect(await get(`${path}/${child}`)).toMatchObject({ batch: { left: 2, sealed: false } });
  monitor.start();
  await until('it is complete', async () => (await get<{ batch: { done: boolean } }>(`${path}/${id}`)).batch.done);
  expect(await get(`${path}/${child}`)).toMatchObject({ batch: { done: true, cancelled: 2, cancelReason: 'cut' } });
  await until('it is forgotten', async () => (await monitor.server.inject(`${path}/${short}`)).statusCode === 404);
  const counted = (what: string, n: number) => `marblerun_batches_tidied_total{run="${bus.run}",what="${what}"} ${n}\n`;
  await until('it is counted', async () => {
    const metrics = (await monitor.server.inject('/metrics')).body;
    return metrics.includes(counted('discarded', 2)) && metrics.includes(counted('forgotten', 1));
  });
});
