import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RedisServer, makeAuthority, type Authority, type Certificate } from '@marblerun/test-support';
import { Dialer } from './dial.js';
import type { RedisForm } from './redis-form.js';

let authority: Authority;
let certificate: Certificate;
let server: RedisServer;
beforeAll(async () => {
  authority = await makeAuthority();
  certificate = await authority.sign('server');
  server = await RedisServer.start(['--user', 'worker', 'on', '>first', '~*', '+@all']);
});
afterAll(() => server.stop());

async function ping(form: RedisForm): Promise<string> {
  const redis = await new Dialer(form).dial({});
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await redis.ping();
  } finally {
    redis.disconnect();
  }
}

test.each<[RedisForm, string, object | undefined]>([
  [{}, 'localhost:6379', { host: 'localhost', port: 6379 }],
  [{ host: 'cache', port: 7000, db: 2, password: 'x' }, 'cache:7000/2', { host: 'cache', port: 7000 }],
  [{ path: '/run/redis.sock' }, '/run/redis.sock', { path: '/run/redis.sock' }],
  [{ cluster: ['[::1]:7000', 'b:7001'] }, '[::1]:7000', { host: '::1', port: 7000 }],
  [{ sentinels: ['a:1'], master: 'm' }, 'm of the Sentinels a:1', undefined],
])('%j: its address and its place', (form, address, place) => {
  const dialer = new Dialer(form);
  expect([dialer.address, dialer.place]).toEqual([address, place]);
});

test('what kind of place it is', () => {
  const kind = (form: RedisForm) => {
    const { isCluster, isWatched, isTls, readsPassword } = new Dialer(form);
    return [isCluster, isWatched, isTls, readsPassword];
  };
  expect(kind({})).toEqual([false, false, false, false]);
  expect(kind({ cluster: ['a:1'], tls: true, passwordFile: '/p' })).toEqual([true, false, true, true]);
  expect(kind({ sentinels: ['a:1'], master: 'm', tls: false, password: 'x' })).toEqual([false, true, false, false]);
  expect(kind({ tls: { caFile: '/ca' } })).toEqual([false, false, true, false]);
});

test('nodes of a cluster take turns where one cannot be reached, and one that has the slot comes first', () => {
  const dialer = new Dialer({ cluster: ['a:1', 'b:2', 'c:3'] });
  const seen = [1, 2, 3].map(() => {
    dialer.failed();
    return dialer.address;
  });
  expect(seen).toEqual(['b:2', 'c:3', 'a:1']);
  dialer.moved('d:4');
  expect(dialer.address).toBe('d:4');
  dialer.failed();
  expect(dialer.address).toBe('a:1'); // the others are still known
  dialer.moved('d:4');
  dialer.moved(':5');
  expect(dialer.address).toBe('d:5'); // the host that answered, which does not know its own name
  dialer.moved('?:6');
  expect(dialer.address).toBe('d:6');
});

test('nodes that a cluster names are known besides those that were given', async () => {
  const node = await RedisServer.start(['--cluster-enabled', 'yes']);
  const given = `localhost:${node.port}`;
  const dialer = new Dialer({ cluster: [given, 'away:1'] });
  const redis = await dialer.dial({});
  try {
    await redis.connect();
    await redis.cluster('ADDSLOTSRANGE', 0, 16_383);
    await dialer.learn(redis);
    const seen = [0, 1, 2].map(() => {
      const { address } = dialer;
      dialer.failed();
      return address;
    });
    expect(seen).toEqual([given, 'away:1', given]); // it does not know its own address: it is the one that was asked
  } finally {
    redis.disconnect();
    await node.stop();
  }
});

test('files are read at each dial, so that a password can be renewed', async () => {
  const passwordFile = join(server.dir, 'password');
  const form = { host: '127.0.0.1', port: server.port, username: 'worker', passwordFile };
  await writeFile(passwordFile, 'wrong\n');
  await expect(ping(form)).rejects.toThrow();
  await writeFile(passwordFile, 'first\n');
  expect(await ping(form)).toBe('PONG');
});

test.each<[string, RedisForm]>([
  ['redis.passwordFile', { passwordFile: '/none/password' }],
  ['redis.tls.caFile', { tls: { caFile: '/none/ca' } }],
  ['redis.sentinelPasswordFile', { sentinels: ['a:1'], master: 'm', sentinelPasswordFile: '/none/password' }],
  ['redis.sentinelTls.keyFile', { sentinels: ['a:1'], master: 'm', sentinelTls: { keyFile: '/none/key' } }],
])('a file of %s that cannot be read is named', async (name, form) => {
  await expect(new Dialer(form).dial({})).rejects.toMatchObject({
    code: 'MR_BAD_OPTION',
    message: expect.stringContaining(`${name}: cannot read the file "/none/`),
  });
});

test('the host is named in the handshake (SNI), unless it is an IP address or another name is given', async () => {
  const named: unknown[] = [];
  const [cert, key] = [certificate.certFile, certificate.keyFile].map((file) => readFileSync(file));
  const front = createServer({ cert, key }, (socket: TLSSocket) => {
    named.push((socket as { servername?: unknown }).servername);
    const behind = connect(server.port, '127.0.0.1');
    for (const end of [socket, behind]) end.on('error', () => undefined);
    socket.pipe(behind).pipe(socket);
  });
  await new Promise<void>((resolve) => front.listen(0, resolve));
  const { port } = front.address() as AddressInfo;
  const tls = { caFile: authority.caFile };
  const places: RedisForm[] = [
    { host: 'localhost', port, tls },
    { host: '127.0.0.1', port, tls },
    { host: '127.0.0.1', port, tls: { ...tls, servername: 'localhost' } },
  ];
  for (const redis of places) expect(await ping(redis)).toBe('PONG');
  expect(named).toEqual(['localhost', false, 'localhost']);
  front.close();
});
