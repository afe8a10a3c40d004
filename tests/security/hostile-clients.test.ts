/**
 * Whatever is sent to a service, it answers with 2xx, 4xx or 503, or hangs up. It never fails and never hangs.
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import fc from 'fast-check';
import { startServices, type Services } from './services.js';

const TOKEN = 'a-token-of-the-hostile-clients';
const NAMES = ['monitor', 'elevator'] as const;
type Name = (typeof NAMES)[number];

jest.setTimeout(120_000);
let services: Services;
let slow: SlowClients;
beforeAll(async () => {
  services = await startServices({ MARBLERUN_TOKEN: TOKEN });
  slow = startSlowClients(); // the services cut them off while the other tests run
});
afterAll(() => services.stop());

async function expectHealthy(): Promise<void> {
  for (const name of NAMES) expect((await services.get(name, '/health/live')).status).toBe(200);
}

interface Route {
  readonly name: Name;
  readonly method: string;
  readonly path: string;
}

/** Lists every route that the OpenAPI documents have. */
async function routes(): Promise<Route[]> {
  const all: Route[] = [];
  for (const name of NAMES) {
    const { paths } = (await (await services.get(name, '/openapi.json')).json()) as { paths: Record<string, object> };
    for (const [path, methods] of Object.entries(paths))
      all.push(...Object.keys(methods).map((method) => ({ name, method: method.toUpperCase(), path })));
  }
  expect(all.length).toBeGreaterThan(12);
  return all;
}

const odd = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    '..',
    '../../etc/passwd',
    '%',
    '%00',
    '{x}',
    '-1',
    '1e999',
    'NaN',
    '0x10',
  ),
);
const param = fc.oneof(odd, fc.constantFrom('RUN'), fc.nat().map(String));
const body = fc.oneof(
  fc.constant(undefined),
  fc.json(),
  fc.string(),
  fc.constantFrom('{', '[]', 'null', '{"serials":[]}', '{"serials":["__proto__"]}', '{"__proto__":{"serials":["1"]}}'),
  fc.constantFrom('['.repeat(20_000), `{"serials":["${'9'.repeat(70_000)}"]}`, '"\\ud800"'),
);
const type = fc.constantFrom(
  'application/json',
  'text/plain',
  'application/xml',
  'multipart/form-data',
  'application/json; charset=x',
  '',
);
const query = fc.dictionary(fc.oneof(fc.constantFrom('queue', 'limit', 'offset', '__proto__'), odd), odd, {
  maxKeys: 4,
});

test('every route, with parameters, queries, types and bodies of every kind', async () => {
  const all = await routes();
  const request = fc.record({
    route: fc.constantFrom(...all),
    params: fc.array(param, { minLength: 2, maxLength: 2 }),
    query,
    body,
    type,
  });
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(request, async ({ route, params, query, body, type }) => {
      const values = [...params];
      const path = route.path.replace(/\{\w+\}/g, () =>
        encodeURIComponent(wellFormed(values.pop() ?? '')).replace('RUN', services.run),
      );
      const reply = await services[route.name].server.inject({
        method: route.method as 'GET',
        url: path,
        query: Object.fromEntries(Object.entries(query).map(([key, value]) => [wellFormed(key), wellFormed(value)])),
        headers: { authorization: `Bearer ${TOKEN}`, ...(type && body !== undefined && { 'content-type': type }) },
        ...(body !== undefined && { payload: body }),
      });
      seen.add(reply.statusCode);
      if (reply.statusCode >= 500) expect([path, reply.statusCode]).toEqual([path, 503]);
      if (reply.statusCode >= 400 && !path.startsWith('/health/')) {
        expect(reply.headers['content-type']).toContain('application/problem+json');
        expect(reply.json()).toMatchObject({
          status: reply.statusCode,
          title: expect.any(String),
          detail: expect.any(String),
        });
      }
    }),
    { numRuns: 500 },
  );
  expect([...seen]).toEqual(expect.arrayContaining([200, 400, 404]));
  expect(({} as { serials?: unknown }).serials).toBeUndefined();
  await expectHealthy();
});

const wellFormed = (text: string) => text.replace(/[\ud800-\udfff]/g, '?');

/** Writes to a socket of the service. Resolves with everything that came by the time the service has hung up. */
function raw(name: Name, ...chunks: (string | Buffer)[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(services.port(name), '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => (answer += data.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
    for (const chunk of chunks) socket.write(chunk);
  });
}

const notBlank = (bytes: Uint8Array) => bytes.some((byte) => byte !== 0x0a && byte !== 0x0d);

test.each(NAMES)('bytes that are no HTTP are hung up on by the %s', async (name) => {
  await fc.assert(
    // Blank lines are not yet a request: HTTP lets them come before one, so they only wait for the time limit of a
    // head.
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }).filter(notBlank), async (bytes) => {
      const answer = await raw(name, Buffer.from(bytes), '\r\n\r\n\r\n');
      expect(answer).toMatch(/^HTTP\/1\.1 400|^$/);
    }),
    { numRuns: 50 },
  );
  await expectHealthy();
});

test.each(NAMES)('huge heads and bodies are refused by the %s', async (name) => {
  const head = await raw(name, `GET /health/live HTTP/1.1\r\nhost: localhost\r\nbig: ${'x'.repeat(100_000)}\r\n\r\n`);
  expect(head).toMatch(/^HTTP\/1\.1 431/);
  const url = `/api/runs/${services.run}/dead/requeue`;
  const authorization = `Bearer ${TOKEN}`;
  const huge = await services[name].server.inject({
    method: 'POST',
    url,
    headers: { authorization, 'content-type': 'application/json' },
    payload: ' '.repeat(5_000_000),
  });
  expect(huge.statusCode).toBe(413);
  const said = `POST ${url} HTTP/1.1\r\nhost: localhost\r\nauthorization: ${authorization}\r\ncontent-type: application/json\r\n`;
  expect(await raw(name, `${said}content-length: 99999999999\r\nconnection: close\r\n\r\n`, 'x')).toMatch(
    /^HTTP\/1\.1 413/,
  );
  expect(await raw(name, `${said}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 400/,
  );
  await expectHealthy();
});

interface SlowClients {
  readonly answers: Promise<string[]>;
  readonly tookMs: Promise<number>;
  readonly othersAfterMs: Promise<number>;
}

function startSlowClients(): SlowClients {
  const started = Date.now();
  const sinceStart = () => Date.now() - started;
  const answers = Promise.all([
    raw('monitor', 'GET /health/live HTTP/1.1\r\nhost: localhost\r\n'),
    raw(
      'monitor',
      `POST /api/runs/${services.run}/dead/requeue HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${TOKEN}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
    ),
  ]);
  return { answers, tookMs: answers.then(sinceStart), othersAfterMs: expectHealthy().then(sinceStart) };
}

test('a client that is slow with its request is cut off, and keeps nobody waiting', async () => {
  expect(await slow.othersAfterMs).toBeLessThan(10_000);
  for (const answer of await slow.answers) expect(answer).toMatch(/^HTTP\/1\.1 408|^$/);
  expect(await slow.tookMs).toBeLessThan(60_000);
});

/** The bytes that each of these clients sends before it falls silent. */
const SILENT = [
  ['nothing', ''],
  ['half a request', 'GET /metrics HTTP/1.1\r\nhost: localhost\r\n'],
  ['a request, and keeps the connection', 'GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n'],
] as const;

describe.each(SILENT)('1,200 connections that say %s', (_what, says) => {
  test.each(NAMES)('keep no probe of the %s waiting', async (name) => {
    const silent = Array.from({ length: 1200 }, () =>
      connect(services.port(name), '127.0.0.1').on('error', () => undefined),
    );
    const heard = new Set<object>();
    for (const socket of silent) socket.on('data', () => heard.add(socket)).on('close', () => heard.add(socket));
    try {
      for (const socket of silent) socket.write(says);
      await until('all are connected', () => silent.every(({ connecting }) => !connecting));
      if (says.endsWith('\r\n\r\n')) await until('all are answered', () => heard.size === silent.length);
      const tookMs: number[] = [];
      for (const path of ['/health/live', '/health/ready', '/health/live', '/health/ready']) {
        const begun = Date.now();
        const { status } = await services.get(name, path, { headers: { connection: 'close' } });
        expect([200, 503]).toContain(status); // otherwise it throws: the connection was reset
        tookMs.push(Date.now() - begun);
      }
      // the fastest of several, as the clients keep this process busy too
      expect(Math.min(...tookMs)).toBeLessThan(1000);
      await until('so many have been let go', () => silent.filter(({ closed }) => closed).length >= 200);
    } finally {
      for (const socket of silent) socket.destroy();
    }
  });
});
