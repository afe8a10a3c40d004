/**
 * Answers to requests that the services do not serve, and what every answer says of itself.
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RedisServer, until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { startMonitor, type ServiceProcess } from '../services.js';
import { startServices, type Services } from './services.js';

const [CHANGE, READ] = ['a-token-for-changes-of-alice', 'a-token-for-reads-of-bob'];

let services: Services;
beforeAll(async () => {
  services = await startServices({
    ...{ MARBLERUN_TOKEN: `alice:${CHANGE}`, MARBLERUN_READ_TOKEN: `bob:${READ}` },
    MARBLERUN_HOSTS: 'runs.example.com,*.lab.example',
  });
});
afterAll(() => services.stop());

const ask = async (url: string, headers: Record<string, string> = {}, method = 'GET') =>
  services.monitor.server.inject({ method: method as 'GET', url, headers });

describe('host names', () => {
  const allowed = [
    'localhost',
    'LOCALHOST:9464',
    'x.localhost:1',
    '127.0.0.1:9464',
    '[::1]:9464',
    '10.1.2.3',
    'monitor:9464',
  ];
  const inCluster = ['monitor.marblerun.svc:9464', 'monitor.marblerun.svc.cluster.local.'];
  test.each([...allowed, ...inCluster, 'runs.example.com', 'a.lab.example:80'])(
    '%s is one of this service',
    async (host) => {
      expect((await ask('/health/live', { host })).statusCode).toBe(200);
    },
  );

  const foreign = ['evil.example', 'localhost.evil.example', 'monitor.evil.example', '127.0.0.1.evil.example:9464'];
  test.each([...foreign, 'runs.example.com.evil.example', 'lab.example', ':', '1', 'xlocalhost', 'svc'])(
    '%j is not: nothing is shown to who calls it so',
    async (host) => {
      for (const url of ['/', '/health/ready', '/metrics', `/api/runs/${services.run}/dead`, '/nowhere']) {
        const reply = await ask(url, { host, authorization: `Bearer ${READ}` });
        expect([url, reply.statusCode]).toEqual([url, 421]);
        expect(reply.json()).toMatchObject({ status: 421, detail: expect.stringContaining('MARBLERUN_HOSTS') });
      }
    },
  );

  test.each([
    ['http://localhost:9464', 200],
    ['https://LOCALHOST:9464', 200],
    ['https://runs.example.com', 200],
    ['http://localhost:3000', 403],
    ['http://10.1.2.3', 403],
    ['http://evil.example', 403],
    ['null', 403],
    ['file://localhost:9464', 403],
  ])('a page of %s is answered with %i', async (origin, status) => {
    expect((await ask('/health/live', { host: 'localhost:9464', origin })).statusCode).toBe(status);
  });
});

test('what is forbidden and what is not there is told apart: 401, 403, 404, 405, with what would do', async () => {
  const requeue = `/api/runs/${services.run}/dead/requeue`;
  const bearer = (token: string, scheme = 'Bearer') => ({ authorization: `${scheme} ${token}` });
  const nobody = await ask('/metrics');
  expect([nobody.statusCode, nobody.headers['www-authenticate']]).toEqual([401, 'Bearer realm="marblerun"']);
  const reader = await ask(requeue, bearer(READ), 'POST');
  expect([reader.statusCode, reader.headers['www-authenticate']]).toEqual([
    403,
    expect.stringMatching(/insufficient_scope/),
  ]);
  for (const scheme of ['bearer', 'BEARER', 'bEaReR'])
    expect((await ask(requeue, bearer(CHANGE, scheme), 'POST')).statusCode).toBe(200);
  expect((await ask('/nowhere', {}, 'POST')).statusCode).toBe(404);
  for (const [url, method, allow] of [
    [requeue, 'GET', 'DELETE, POST'],
    [`/api/runs/${services.run}/dead/12`, 'PUT', 'DELETE'],
    ['/metrics', 'POST', 'GET, HEAD'],
    ['/', 'DELETE', 'GET, HEAD'],
    ['/api/runs?x=1', 'PATCH', 'GET, HEAD'],
    ['/health/live', 'OPTIONS', 'GET, HEAD'],
  ] as const) {
    const reply = await ask(url, {}, method);
    expect([url, method, reply.statusCode, reply.headers['allow']]).toEqual([url, method, 405, allow]);
    expect(reply.json()).toMatchObject({ status: 405, detail: expect.stringContaining(allow) });
  }
});

/** Resolves with everything that comes on a socket until the service hangs up. */
function raw(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(services.port('monitor'), '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (data) => (answer += data.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}

const END = 'host: localhost\r\nconnection: close\r\n\r\n';
test.each([
  ['a path that is no percent encoding', 400, `GET /%ff HTTP/1.1\r\n${END}`],
  ['a path with half of one', 400, `GET /api/runs/%e4%/queues HTTP/1.1\r\n${END}`],
  ['a path that is not there', 404, `GET /${'x'.repeat(2000)} HTTP/1.1\r\n${END}`],
  ['a part of a path that is too long', 414, `GET /api/runs/${'x'.repeat(2000)}/queues HTTP/1.1\r\n${END}`],
  ['a URL that is too long', 431, `GET /${'x'.repeat(40_000)} HTTP/1.1\r\n${END}`],
  ['a header that is too long', 431, `GET / HTTP/1.1\r\nx: ${'x'.repeat(40_000)}\r\n${END}`],
  ['too many headers', 431, `GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(9000)}${END}`],
  ['no HTTP', 400, 'HELO there\r\n\r\n'],
  ['no host', 400, 'GET /health/live HTTP/1.1\r\nconnection: close\r\n\r\n'],
  ['an unknown method', 400, `BREW / HTTP/1.1\r\n${END}`],
  ['a method without a route', 405, `PROPFIND /metrics HTTP/1.1\r\n${END}`],
  ['a header that is none', 400, `GET / HTTP/1.1\r\nno header\r\n${END}`],
  ['two lengths', 400, `POST /api/runs/x/dead/requeue HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n${END}`],
  ['another site', 421, 'GET / HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n'],
  ['an expectation', 417, `POST /api/runs/x/dead/requeue HTTP/1.1\r\nexpect: miracles\r\n${END}`],
])('%s is answered with %i as problem details', async (_what, status, request) => {
  const [head = '', body = ''] = (await raw(request)).split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head).toMatch(/^content-type: application\/problem\+json/im);
  expect(head).toMatch(/^cache-control: no-store/im);
  expect(JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1))).toEqual(
    expect.objectContaining({ status, title: expect.any(String), detail: expect.any(String) }),
  );
});

test('no answer may be kept by what is between', async () => {
  const { paths } = (await ask('/openapi.json', { authorization: `Bearer ${READ}` })).json<{ paths: object }>();
  for (const url of [...Object.keys(paths), '/', '/dashboard.js', '/openapi.json', '/nowhere']) {
    for (const authorization of ['', `Bearer ${READ}`]) {
      const reply = await ask(url.replace('{run}', services.run).replace('{serial}', '1'), { authorization });
      expect([url, reply.headers['cache-control']]).toEqual([url, 'no-store']);
    }
  }
});

describe('the audit log', () => {
  let redis: RedisServer;
  let monitor: ServiceProcess;
  beforeAll(async () => {
    redis = await RedisServer.start(['--requirepass', 'the-password-of-the-audit']);
    monitor = await startMonitor({
      ...{ MARBLERUN_TOKEN: `alice:${CHANGE} a-token-without-a-name`, MARBLERUN_READ_TOKEN: `bob:${READ}` },
      ...{
        MARBLERUN_REDIS: `redis://:the-password-of-the-audit@127.0.0.1:${redis.port}`,
        MARBLERUN_RUN: 'audited,other',
      },
    });
  });
  afterAll(async () => {
    await monitor.program.kill();
    await redis.stop();
  });

  const lines = (audit: string) =>
    monitor.program.lines
      .filter((line) => line.includes(`"audit":"${audit}"`))
      .map((line) => JSON.parse(line) as object);

  test('begins with what runs here, and where, without secrets', async () => {
    const start = JSON.parse(await monitor.program.line(/"msg":"starts"/)) as object;
    expect(start).toMatchObject({
      ...{ version: expect.stringMatching(/^\d+\.\d+\.\d+/), runs: ['audited', 'other'] },
      ...{ redis: `127.0.0.1:${redis.port}`, service: 'monitor' },
    });
    expect(monitor.program.lines.join('')).not.toContain('the-password-of-the-audit');
  });

  test('has a line for each change: who, what, how many', async () => {
    const marble = new Marble({ redis: `redis://:the-password-of-the-audit@127.0.0.1:${redis.port}`, run: 'audited' });
    for (const n of [1, 2, 3]) {
      await marble.send('broken', n, { maxAttempts: 1 });
      await marble.wait('broken');
      await marble.fail('broken');
    }
    await marble.close();
    const change = async (path: string, token: string, method = 'POST') =>
      fetch(`${monitor.url}/api/runs/audited/dead${path}`, { method, headers: { authorization: `Bearer ${token}` } });
    const headers = { authorization: `Bearer ${READ}` };
    const { dead } = (await (await fetch(`${monitor.url}/api/runs/audited/dead`, { headers })).json()) as {
      dead: { serial: string }[];
    };
    expect((await change(`/${dead[0]!.serial}`, CHANGE, 'DELETE')).status).toBe(204);
    expect((await change('/requeue?queue=broken', 'a-token-without-a-name')).status).toBe(200);
    expect((await change('/requeue', READ)).status).toBe(403);
    expect((await change('/requeue', 'a-token-of-a-stranger')).status).toBe(401);
    await until('all is written', () => lines('refusal').length === 2);
    expect(lines('change')).toEqual([
      expect.objectContaining({ who: 'alice', what: 'delete', run: 'audited', serial: dead[0]!.serial, marbles: 1 }),
      expect.objectContaining({
        who: expect.stringMatching(/^token-[0-9a-f]{8}$/),
        what: 'requeue',
        queue: 'broken',
        marbles: 2,
      }),
    ]);
    expect(lines('refusal')).toEqual([
      expect.objectContaining({ who: 'bob', method: 'POST', status: 403, ip: '127.0.0.1' }),
      expect.objectContaining({ who: 'nobody', method: 'POST', status: 401 }),
    ]);
    for (const token of [CHANGE, READ, 'a-token-without-a-name', 'a-token-of-a-stranger'])
      expect(monitor.program.lines.join('')).not.toContain(token);
  });
});
