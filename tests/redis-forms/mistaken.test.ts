/**
 * Common mistakes about where Redis is: TLS for a plain port or the reverse, a name with several addresses, a password
 * that is renewed in two steps. Each is reported at once, or waited out.
 */
import { mkdtemp, writeFile } from 'node:fs/promises';
import dns from 'node:dns';
import { connect } from 'node:net';
import { readFileSync } from 'node:fs';
import { createServer, type TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { RedisServer, freePort, makeAuthority, redisCli, sleep, type Authority } from '@marblerun/test-support';
import { Communicator, type RedisForm } from 'marblerun/communicator';

let authority: Authority;
let server: RedisServer;
let tlsPort: number;
let certificate: { certFile: string; keyFile: string };
beforeAll(async () => {
  authority = await makeAuthority();
  certificate = await authority.sign('server');
  tlsPort = await freePort();
  server = await RedisServer.start([
    ...['--tls-port', String(tlsPort), '--tls-ca-cert-file', authority.caFile, '--tls-auth-clients', 'yes'],
    ...['--tls-cert-file', certificate.certFile, '--tls-key-file', certificate.keyFile],
    ...['--user', 'worker', 'on', '>first', '~*', '+@all'],
  ]);
});
afterAll(() => server.stop());

/** Connects once. Returns the message of what goes wrong, and how long it took. */
async function failureOf(redis: string | RedisForm, connectTimeoutMs = 20_000) {
  const bus = new Communicator({ redis, run: 'fails', connectTimeoutMs });
  const began = performance.now();
  const message = await bus.connect().then(
    () => 'connected',
    (error: unknown) => (error as Error).message,
  );
  bus.disconnect();
  return { message, ms: performance.now() - began };
}

test('TLS to a plain port is said within a second', async () => {
  for (const redis of [`rediss://127.0.0.1:${server.port}`, { cluster: [`127.0.0.1:${server.port}`], tls: true }]) {
    const { message, ms } = await failureOf(redis);
    expect(message).toMatch(/127.0.0.1:\d+: this port does not speak TLS .* use redis:\/\/ .*MR_REDIS_TLS/);
    expect(ms).toBeLessThan(1000);
  }
});

test('plain words to a TLS port are said within a second', async () => {
  for (const redis of [`redis://127.0.0.1:${tlsPort}`, `redis://:word@127.0.0.1:${tlsPort}`]) {
    const { message, ms } = await failureOf(redis);
    expect(message).toMatch(/127.0.0.1:\d+: this port speaks TLS .* use rediss:\/\/.*MR_REDIS_TLS/);
    expect(message).not.toContain('word@');
    expect(ms).toBeLessThan(1000);
  }
});

test('a server that says nothing at all is not taken for another protocol', async () => {
  const silent = await new Promise<{ port: number; close: () => void }>((resolve) => {
    const deaf = createServer({}).listen(0, '127.0.0.1', () =>
      resolve({ port: (deaf.address() as AddressInfo).port, close: () => deaf.close() }),
    );
    deaf.removeAllListeners('connection'); // it takes connections, and reads nothing
  });
  const { message } = await failureOf(`rediss://127.0.0.1:${silent.port}`, 1500);
  expect(message).toMatch(/no answer from 127.0.0.1:\d+ for 1500 ms.*MR_REDIS_UNAVAILABLE/);
  silent.close();
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
  for (const redis of places) expect((await failureOf(redis)).message).toBe('connected');
  expect(named).toEqual(['localhost', false, 'localhost']);
  front.close();
});

test('where a name has several addresses that refuse, each is named', async () => {
  const addresses = ['127.0.0.2', '127.0.0.3'].map((address) => ({ address, family: 4 }));
  const port = await freePort();
  const several = (_host: string, _options: object, tell: (error: null, found: object[]) => void): void =>
    tell(null, addresses);
  const lookup = jest.spyOn(dns, 'lookup').mockImplementation(several as never);
  const { message } = await failureOf(`redis://several.test:${port}`, 300);
  lookup.mockRestore();
  expect(message).toContain(`no answer from several.test:${port} for 300 ms`);
  expect(message).toContain(`connect ECONNREFUSED 127.0.0.2:${port}, connect ECONNREFUSED 127.0.0.3:${port}`);
});

test('a password that is in its file half a second after Redis has it is waited out; a wrong one at the start is not', async () => {
  const passwordFile = join(await mkdtemp(join(tmpdir(), 'marblerun-password-')), 'password');
  await writeFile(passwordFile, 'first');
  const place = { host: '127.0.0.1', port: server.port, username: 'worker', passwordFile };
  const bus = new Communicator({ redis: place, run: 'renewed' });
  await bus.set('name', 'before', 60_000);
  await redisCli(server.port, 'ACL', 'SETUSER', 'worker', 'resetpass', '>second');
  await redisCli(server.port, 'CLIENT', 'KILL', 'USER', 'worker');
  const found = bus.get('name');
  await sleep(500);
  expect(bus.state).toMatch(/refused the user name or password/);
  expect((await failureOf(place)).message).toMatch(/refused the user name or password.*MR_REDIS_AUTH/);
  await writeFile(passwordFile, 'second');
  expect(await found).toBe('before');
  expect(bus.state).toBe('ready');
  await bus.close();
});
