import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { sharedReads } from './shared-reads.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A server that answers GET by what `answer` does with the key. Returns its port. */
async function listening(answer: (key: string, socket: Socket) => void): Promise<number> {
  const server: Server = createServer((socket) =>
    socket
      .on('error', () => undefined)
      .on('data', (piece) => {
        const [, key] = /get\r\n\$\d+\r\n(\w+)/i.exec(piece.toString()) ?? [];
        if (key) answer(key, socket);
        else socket.write('+OK\r\n'); // a command that ioredis begins with
      }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as { port: number }).port;
}

function client(port: number): Redis {
  const options = { host: '127.0.0.1', port, lazyConnect: true, enableReadyCheck: false, disableClientInfo: true };
  const redis = new Redis({ ...options, retryStrategy: () => null, ...sharedReads(options) });
  redis.on('error', () => undefined);
  closing.push(() => redis.disconnect());
  return redis;
}

test('what two clients have read stays as it was while others read', async () => {
  const port = await listening((key, socket) => socket.write(`$${key.length}\r\n${key}\r\n`));
  const [one, other] = [client(port), client(port)];
  await Promise.all([one.connect(), other.connect()]);
  const first = (await one.getBuffer('first'))!;
  const second = (await other.getBuffer('other'))!;
  await one.getBuffer('later');
  expect([String(first), String(second)]).toEqual(['first', 'other']);
});

test('an answer that comes in pieces of any length is whole', async () => {
  const value = Array.from({ length: 30_000 }, (_, i) => i.toString(36)).join('-');
  const reply = `$${value.length}\r\n${value}\r\n`;
  const port = await listening((_, socket) => {
    socket.write(reply.slice(0, 1));
    setTimeout(() => socket.write(reply.slice(1, 70_000)), 5);
    setTimeout(() => socket.write(reply.slice(70_000)), 10);
  });
  const redis = client(port);
  await redis.connect();
  const { bytesRead: before } = redis.stream;
  expect(await redis.get('x')).toBe(value);
  expect(redis.stream.bytesRead - before).toBe(reply.length);
});

test('a server that hangs up, and none at all, are told as ever', async () => {
  const hangsUp = client(await listening((_, socket) => socket.end()));
  await hangsUp.connect();
  await expect(hangsUp.get('x')).rejects.toThrow();
  await until('it has ended', () => hangsUp.status === 'end');
  await expect(client(1).connect()).rejects.toThrow();
});

test('a client that ends before it has a socket makes none', async () => {
  const redis = client(await listening(() => undefined));
  const connected = redis.connect();
  redis.disconnect();
  await expect(connected).rejects.toThrow('Connection is closed');
  expect(redis.stream).toBeUndefined();
});

test('TLS and Sentinels are left to ioredis', () => {
  expect(sharedReads({ tls: {} })).toEqual({});
  expect(sharedReads({ sentinels: [{ host: 'one', port: 1 }] })).toEqual({});
});
