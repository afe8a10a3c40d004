/**
 * Connects a socket to where a client of ioredis is connected, for bytes that are not to pass through it.
 *
 * Node.js then reads into a buffer of ours, instead of making one for each piece. What may go wrong: a Sentinel may have
 * named the server by a host name that is not known here. So its certificate is right where it is the one that the client
 * has checked.
 */
import { connect as connectPlainly, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectByTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { Redis } from 'ioredis';
import { RetryLater } from './redis-errors.js';
import type { ReplyReader } from './replies.js';
import { READS_INTO } from './shared-reads.js';

const KEEP_ALIVE_MS = 10_000;

/** Takes `failed`, which is told where what comes cannot be read. */
export function connectBeside(redis: Redis, reader: ReplyReader, failed: (error: Error) => void): Socket {
  const options = {
    ...placeOf(redis),
    ...{ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS },
    ...(READS_INTO && { onread: { buffer: () => reader.space, callback: (n: number) => read(() => reader.came(n)) } }),
  };
  const { tls } = redis.options;
  const socket = tls ? connectByTls({ ...options, ...tls, ...trustOf(redis) }) : connectPlainly(options);
  if (!READS_INTO) socket.on('data', (bytes: Buffer) => read(() => reader.write(bytes)));
  return socket;

  function read(some: () => void): boolean {
    try {
      some();
      return true;
    } catch (error) {
      failed(error as Error);
      return false;
    }
  }
}

function placeOf(redis: Redis) {
  const { path } = redis.options;
  if (path) return { path };
  const { remoteAddress, remotePort } = redis.stream;
  if (remoteAddress === undefined || remotePort === undefined) throw new RetryLater('data: disconnected');
  return { host: remoteAddress, port: remotePort };
}

function trustOf(redis: Redis) {
  const checked = (redis.stream as TLSSocket).getPeerCertificate().fingerprint256;
  return {
    checkServerIdentity: (host: string, certificate: PeerCertificate) =>
      certificate.fingerprint256 === checked ? undefined : checkServerIdentity(host, certificate),
  };
}
