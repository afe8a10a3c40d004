import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { buildMonitor } from './app.js';
import { readConfig } from './config.js';

const redis = process.env['MARBLERUN_TEST_REDIS']!;
const run = 'monitor-api';
const token = 'a-token-of-the-test-suite';
const config = readConfig({
  MARBLERUN_REDIS: redis,
  MARBLERUN_RUN: run,
  MARBLERUN_TOKEN: token,
  MARBLERUN_LOG_LEVEL: 'silent',
  MARBLERUN_SWEEP_MS: '20',
});
const monitor = buildMonitor(config);
const withoutToken = buildMonitor({ ...config, access: { tokens: [], readTokens: [] } });
const marble = new Marble({ redis, run, leaseMs: 600, maxAttempts: 2 });
const authorization = `Bearer ${token}`;
const addresses = new Map<typeof monitor, string>();

function call(
  url: string,
  { service = monitor, ...init }: RequestInit & { service?: typeof monitor } = {},
): Promise<Response> {
  return fetch(`${addresses.get(service)}${url}`, init);
}

const get = async (url: string) => (await call(url)).json() as Promise<never>;

beforeAll(async () => {
  for (const service of [monitor, withoutToken]) {
    addresses.set(service, await service.server.listen({ host: '127.0.0.1', port: 0 }));
  }
  monitor.start();
});
afterAll(async () => {
  await marble.close();
  for (const service of [monitor, withoutToken]) {
    await service.server.close();
    await service.stop();
  }
});

/** Sends a marble and lets it fail until it is dead. Returns the serial of the dead letter. */
async function kill(queue: string): Promise<string> {
  const id = await marble.send(queue, { secret: 'payload' });
  for (let attempt = 1; attempt <= 2; attempt++) {
    expect(await marble.wait(queue)).toEqual({ secret: 'payload' });
    await marble.fail(new Error('broken'), { retryInMs: 0 });
  }
  const { dead } = (await get(`/api/runs/${run}/dead`)) as { dead: { serial: string; id: string }[] };
  return dead.find((letter) => letter.id === id)!.serial;
}

test('the service is live at once, and ready when the bus answers and the loops turn', async () => {
  expect((await call('/health/live')).status).toBe(200);
  await until('it is ready', async () => (await call('/health/ready')).status === 200);
});

test('an abandoned marble comes back with its attempt raised, and the metrics say so', async () => {
  await marble.send('left', 1);
  expect(await marble.wait('left')).toBe(1);
  expect(marble.attempt).toBe(1);
  // the second wait abandons the marble; the Monitor brings it back to this very wait
  expect(await marble.wait('left')).toBe(1);
  expect(marble.attempt).toBe(2);
  await until('the metrics show it held', async () =>
    (await (await call('/metrics')).text()).includes(`marblerun_held{run="${run}",queue="left"} 1`),
  );
  const metrics = await (await call('/metrics')).text();
  expect(metrics).toContain(`marblerun_marbles_total{run="${run}",queue="left",event="dropped"} 1`);
  expect(metrics).toContain(`marblerun_marbles_total{run="${run}",queue="left",event="returned"} 1`);
  expect(metrics).toContain(`marblerun_held{run="${run}",queue="left"} 1`);
  expect(metrics).toContain(`marblerun_queue_depth{run="${run}",queue="left"} 0`);
  expect(metrics).toContain(`marblerun_holders{run="${run}"} 1`);
  expect(metrics).toMatch(/marblerun_heartbeat_age_seconds\{run="monitor-api",holder="[^"]+"\} \d/);
  await marble.finish();
});

test('queues, outboxes and holders can be read', async () => {
  await marble.report('reading tests');
  const holders = (await get(`/api/runs/${run}/holders`)) as { unheardMs: number; about: object }[];
  expect(holders).toEqual([expect.objectContaining({ about: expect.objectContaining({ report: 'reading tests' }) })]);
  expect(holders[0]!.unheardMs).toBeGreaterThanOrEqual(0);
  expect(holders[0]!.unheardMs).toBeLessThan(60_000);
  expect(await get(`/api/runs/${run}/outboxes`)).toEqual([]);
  await marble.elevate('upwards', 1);
  expect(await get(`/api/runs/${run}/outboxes`)).toEqual([
    { queue: 'upwards', depth: 1, oldestMs: expect.any(Number) },
  ]);
  const { queues } = (await get(`/api/runs/${run}/queues`)) as { queues: object[] };
  expect(queues).toContainEqual(expect.objectContaining({ queue: 'left', depth: 0, held: 0 }));
  const about = { holders: 1, queues: 2, depth: 0, held: 0 };
  const latest = async () => ((await get('/api/runs')) as { queues: number }[])[0]!;
  await until('the sums are of all', async () => (await latest()).queues === about.queues);
  const redis = expect.objectContaining({ appendonly: false });
  expect(await latest()).toEqual(expect.objectContaining({ run, ...about, redis }));
});

test('a dead letter can be read, requeued and deleted, once', async () => {
  const [first, second] = [await kill('deadly'), await kill('deadly')];
  expect(await get(`/api/runs/${run}/dead?limit=1`)).toMatchObject({
    total: 2,
    dead: [{ serial: second, queue: 'deadly', attempts: 2, reason: { why: 'failed', error: { message: 'broken' } } }],
  });
  const requeue = `/api/runs/${run}/dead/${first}/requeue`;
  expect((await call(requeue, { method: 'POST', headers: { authorization } })).status).toBe(204);
  expect((await call(requeue, { method: 'POST', headers: { authorization } })).status).toBe(404);
  expect(await marble.wait('deadly')).toEqual({ secret: 'payload' });
  expect(marble.attempt).toBe(1);
  await marble.finish();
  expect((await call(`/api/runs/${run}/dead/${second}`, { method: 'DELETE', headers: { authorization } })).status).toBe(
    204,
  );
  expect(await get(`/api/runs/${run}/dead`)).toEqual({ total: 0, dead: [] });
});

test('all dead letters of a queue can be requeued', async () => {
  await kill('one');
  await kill('two');
  const url = `/api/runs/${run}/dead/requeue`;
  const post = async (query: string) =>
    (await call(url + query, { method: 'POST', headers: { authorization } })).json();
  expect(await post('?queue=one')).toEqual({ requeued: 1 });
  expect(await post('')).toEqual({ requeued: 1 });
  expect(await marble.check('one')).toEqual({ secret: 'payload' });
  await marble.finish();
  expect(await marble.check('two')).toEqual({ secret: 'payload' });
  await marble.finish();
});

test('some of the dead, or all of a queue, can be requeued and deleted; of every queue only requeued', async () => {
  const serials = [await kill('some'), await kill('some'), await kill('some'), await kill('others')];
  const post = async (path: string, body?: unknown) => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const init = {
      method: 'POST',
      headers: { authorization, ...type },
      ...(body ? { body: JSON.stringify(body) } : {}),
    };
    const reply = await call(`/api/runs/${run}/dead/${path}`, init);
    return [reply.status, await reply.json()] as [number, unknown];
  };
  expect(await post('requeue', { serials: [serials[0], '99999'] })).toEqual([200, { requeued: 1 }]);
  expect(await post('requeue?queue=others', { serials: [serials[1]] })).toEqual([200, { requeued: 0 }]);
  expect(await post('delete', { serials: [serials[1]] })).toEqual([200, { deleted: 1 }]);
  expect(await post('delete')).toEqual([400, expect.objectContaining({ type: 'MR_BAD_OPTION' })]);
  expect(await post('delete', { serials: ['x'] })).toEqual([400, expect.objectContaining({ status: 400 })]);
  expect(await get(`/api/runs/${run}/dead`)).toMatchObject({
    total: 2,
    dead: [{ serial: serials[3] }, { serial: serials[2] }],
  });
  expect(await post('delete?queue=some')).toEqual([200, { deleted: 1 }]);
  expect(await post('delete?queue=others')).toEqual([200, { deleted: 1 }]);
  expect(await get(`/api/runs/${run}/dead`)).toEqual({ total: 0, dead: [] });
  expect(await marble.check('some')).toEqual({ secret: 'payload' });
  await marble.finish();
  expect(await marble.check('others')).toBeUndefined();
});

test('a dead letter tells of each attempt when it failed and why', async () => {
  const serial = await kill('told');
  const { dead } = (await get(`/api/runs/${run}/dead`)) as { dead: { serial: string; failures: { at: number }[] }[] };
  const { failures } = dead.find((letter) => letter.serial === serial)!;
  expect(failures).toEqual(
    [1, 2].map((attempt) => ({ attempt, at: expect.any(Number), why: 'failed', error: 'broken' })),
  );
  for (const { at } of failures) expect(Math.abs(Date.now() - at)).toBeLessThan(60_000);
  await call(`/api/runs/${run}/dead/${serial}`, { method: 'DELETE', headers: { authorization } });
});

test('what changes something is refused without the token, and where none is set', async () => {
  const serial = await kill('guarded');
  const url = `/api/runs/${run}/dead/${serial}`;
  for (const given of ['', 'Bearer wrong', token]) {
    const refused = await call(url, { method: 'DELETE', headers: { authorization: given } });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
  }
  expect((await call(url, { service: withoutToken, method: 'DELETE', headers: { authorization } })).status).toBe(403);
  expect(await get(`/api/runs/${run}/dead`)).toMatchObject({ total: 1, dead: [{ serial }] });
});

test.each([
  ['/api/runs/elsewhere/queues', 404, /"elsewhere" is not watched here; allowed: monitor-api/],
  [`/api/runs/${run}/dead?limit=0`, 400, /limit/],
  ['/nowhere', 404, /no such route/],
])('%s is a problem with status %d', async (url, status, detail) => {
  const reply = await call(url);
  expect(reply.status).toBe(status);
  expect(reply.headers.get('content-type')).toContain('application/problem+json');
  expect(((await reply.json()) as { detail: string }).detail).toMatch(detail);
});
