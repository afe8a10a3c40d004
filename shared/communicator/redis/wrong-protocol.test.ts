/** TLS for a plain port, and the reverse: both are told at once, and nothing is claimed of a server that says nothing. */
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RedisServer, freePort, makeAuthority } from '@marblerun/test-support';
import { Communicator } from '../communicator.js';
import type { RedisForm } from './redis-form.js';
import { tlsInstead } from './wrong-protocol.js';

let server: RedisServer;
let tlsPort: number;
beforeAll(async () => {
  const authority = await makeAuthority();
  const { certFile, keyFile } = await authority.sign('server');
  tlsPort = await freePort();
  server = await RedisServer.start([
    ...['--tls-port', String(tlsPort), '--tls-ca-cert-file', authority.caFile, '--tls-auth-clients', 'yes'],
    ...['--tls-cert-file', certFile, '--tls-key-file', keyFile],
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

test('nothing is claimed where nobody listens, or where words are plain as they should be', async () => {
  const host = '127.0.0.1';
  expect(await tlsInstead({ host, port: await freePort() })).toBeUndefined();
  expect(await tlsInstead({ host, port: server.port })).toBeUndefined();
  expect(await tlsInstead({ host, port: tlsPort })).toMatchObject({ code: 'MR_REDIS_TLS' }); // also one that wants certificates
  expect(await tlsInstead({ path: `${server.dir}/none.sock` })).toBeUndefined();
});
