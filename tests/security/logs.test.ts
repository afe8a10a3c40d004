/**
 * Logs hold no payloads and no secrets, at the most talkative level, while everything goes wrong that can.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Program, RedisServer, ServiceProgram, redisCli, until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { startElevator, startMonitor, type ServiceProcess } from '../services.js';

const SECRETS = {
  payload: 'what-only-the-marbles-hold',
  reason: 'what-only-the-handler-says',
  password: 'the-password-of-redis',
  'wrong password': 'a-password-that-does-not-fit',
  token: 'the-token-of-the-logs',
  'read token': 'the-read-token-of-the-logs',
  'refused token': 'a-token-that-is-refused',
  query: 'what-only-the-query-holds',
  body: 'what-only-the-body-holds',
};
/** The forms in which programs print bytes that they do not know; secrets must not appear in these either. */
const DISGUISES = [
  (secret: string) => secret,
  (secret: string) => [...Buffer.from(secret)].join(','),
  (secret: string) => Buffer.from(secret).toString('hex').slice(0, 20).match(/../g)!.join(' '),
  (secret: string) => Buffer.from(secret).toString('base64').slice(0, -4),
];
const revealed = (text: string) =>
  Object.entries(SECRETS).flatMap(([name, secret]) =>
    DISGUISES.some((as) => text.includes(as(secret))) ? [name] : [],
  );

const LEVEL = { MARBLERUN_LOG_LEVEL: 'trace' };
const GUARDED = ['--requirepass', SECRETS.password];
const url = ({ port }: RedisServer, password = SECRETS.password) => `redis://:${password}@127.0.0.1:${port}`;
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

let lower: RedisServer;
let upper: RedisServer;
let monitor: ServiceProcess;
let refused: ServiceProcess;
let elevator: ServiceProcess;
let marble: Marble;
beforeAll(async () => {
  [lower, upper] = [await RedisServer.start(GUARDED), await RedisServer.start(GUARDED)];
  const tokens = { MARBLERUN_TOKEN: SECRETS.token, MARBLERUN_READ_TOKEN: SECRETS['read token'] };
  monitor = await startMonitor({ ...LEVEL, ...tokens, MARBLERUN_REDIS: url(lower), MARBLERUN_RUN: 'below' });
  refused = await startMonitor({ ...LEVEL, MARBLERUN_REDIS: url(lower, SECRETS['wrong password']) });
  const lanes = {
    runs: { below: { redis: url(lower) }, above: { redis: url(upper) } },
    lanes: [{ name: 'up', from: 'below', to: 'above' }],
  };
  elevator = await startElevator({ ...LEVEL, MARBLERUN_LANES: JSON.stringify(lanes) });
  marble = new Marble({ redis: url(lower), run: 'below', retryBaseMs: 0 });
});
afterAll(async () => {
  await marble.close();
  await Promise.all([monitor, refused, elevator].map(({ program }) => program.kill()));
  await Promise.all([lower.stop(), upper.stop()]);
});

const asAdmin = () => ['-p', String(lower.port), '-a', SECRETS.password];
const written = ({ program }: ServiceProcess) => [...program.lines, ...program.errors].join('\n');

/** Loses marbles: one fails until it is dead, one is not an envelope, and a worker is killed over another. */
async function loseMarbles(): Promise<string[]> {
  const worker = marble.work('broken', () => Promise.reject(new Error(SECRETS.reason)), { onError: () => undefined });
  await marble.send('broken', SECRETS.payload, { maxAttempts: 2 });
  await redisCli(asAdmin(), 'LPUSH', 'mr:{below}:q:broken', SECRETS.payload);
  await marble.send('in', { n: 1, do: 'hold', text: SECRETS.payload }, { maxAttempts: 1 });
  const env = { MARBLERUN_REDIS: url(lower), MARBLERUN_RUN: 'below', LEASE_MS: '1000' };
  const holder = new Program(fileURLToPath(new URL('../programs/worker.js', import.meta.url)), { env });
  await holder.line(/took 1/);
  await holder.kill();
  const dead = await until('all are dead', async () => {
    const answer = await fetch(`${monitor.url}/api/runs/below/dead`, bearer(SECRETS['read token']));
    const found = (await answer.json()) as { dead: { serial: string }[] };
    return found.dead.length === 3 && found.dead;
  });
  await worker.stop();
  expect(revealed(JSON.stringify(dead))).toEqual(['payload', 'reason']); // whoever may read this may see it
  return dead.map(({ serial }) => serial);
}

/** Lands a batch; then the upper Redis dies, and comes back with nothing of what it had. */
async function troubleLane(): Promise<void> {
  await marble.elevate('far', SECRETS.payload);
  const lanes = async () => (await fetch(`${elevator.url}/api/lanes`)).json() as Promise<{ depth: number }[]>;
  await until('it has landed', async () => (await lanes())[0]?.depth === 0);
  await upper.kill();
  await marble.elevate('far', SECRETS.payload);
  await elevator.program.line(/failed; tries again/);
  await upper.restart();
  await elevator.program.line(/state was lost or rolled back/);
  await until('the other has landed', async () => (await lanes())[0]?.depth === 0);
}

/** Sends requests that are refused, wrong, or done, and bytes that are not a request. */
async function ask({ url }: ServiceProcess, serial: string): Promise<void> {
  const json = { 'content-type': 'application/json' };
  const post = (body: string, token: string) => ({
    ...{ method: 'POST', body },
    headers: { ...json, ...bearer(token).headers },
  });
  const query = `limit=1&token=${SECRETS.query}`;
  await fetch(`${url}/metrics?${query}`, bearer(SECRETS['refused token']));
  await fetch(`${url}/api/runs/below/dead?${query}`, bearer(SECRETS['read token']));
  await fetch(`${url}/no/such/route?${query}`, bearer(SECRETS.token));
  const requeue = `${url}/api/runs/below/dead/requeue`;
  for (const body of [`{ "serials": [ ${SECRETS.body}`, JSON.stringify({ serials: [SECRETS.body] })])
    for (const token of [SECRETS.token, SECRETS['refused token']]) await fetch(requeue, post(body, token));
  await fetch(`${url}/api/runs/below/dead/${serial}`, { method: 'DELETE', ...bearer(SECRETS.token) });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(`GET /metrics HTTP/1.1\r\nAuthorization: Bearer ${SECRETS.token}\r\nno header\r\n\r\n`);
  await once(socket.resume(), 'close');
}

test('no line of a service at level trace holds data, reasons, passwords, tokens, queries or bodies; ids are there', async () => {
  const [serial] = await loseMarbles();
  await troubleLane();
  for (const service of [monitor, elevator]) await ask(service, serial!);
  await refused.program.line(/failed; tries again/);
  expect(await refused.program.isReady()).toBe(false);
  for (const service of [monitor, elevator, refused]) {
    service.program.signal('SIGTERM');
    expect(await service.program.exited).toEqual({ code: 0, signal: null });
    expect(revealed(written(service))).toEqual([]);
  }
  expect(written(monitor)).toMatch(/"run":"below",.*"dead":1/);
  expect(written(monitor)).toContain(`"url":"/api/runs/below/dead/${serial}"`);
  expect(written(monitor)).toContain('"msg":"client error"');
  expect(written(elevator)).toMatch(/"lane":"up","epoch":.*"number":/);
  expect(written(refused)).toMatch(/MR_REDIS_AUTH/);
});

test('a configuration that cannot be read is not shown', async () => {
  const lanes = `{ "runs": { "above": { "redis": ${url(upper)} } } }`;
  const program = new ServiceProgram('elevator', { env: { MARBLERUN_LANES: lanes } });
  expect((await program.exited).code).toBe(78);
  expect(program.errors.join('\n')).toMatch(/MARBLERUN_LANES has 1 mistake.*not JSON/s);
  expect(program.errors.join('\n')).not.toContain(url(upper).slice(0, 8));
});

test('an error that a client throws shows neither the password nor the data, however it is printed', async () => {
  const printed = async (client: Marble) => {
    const error: unknown = await client.send('q', SECRETS.payload).catch((error: unknown) => error);
    return inspect(error, { depth: Infinity, showHidden: true });
  };
  const stranger = new Marble({ redis: url(lower, SECRETS['wrong password']) });
  const wrong = await printed(stranger);
  await stranger.close();
  expect(wrong).toContain('MR_REDIS_AUTH');
  await redisCli(asAdmin(), 'CONFIG', 'SET', 'maxmemory', '1');
  const full = await printed(marble);
  expect(full).toContain('MR_REDIS_FULL');
  expect([wrong, full].map(revealed)).toEqual([[], []]);
});
