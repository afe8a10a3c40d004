/**
 * Tells TLS spoken to a plain port from a slow path, and plain words spoken to a TLS port from a Redis that is away.
 *
 * Nobody says so: on a plain port Redis waits for the end of a line that never comes, on a TLS port it hangs up. So the port
 * is asked in the other way as well, by a connection that ends at once. What may go wrong: nobody answers that either;
 * then nothing is claimed.
 */
import { connect as connectPlainly, type Socket } from 'node:net';
import { connect as connectByTls } from 'node:tls';
import { MarbleRunError } from '../errors.js';

/** A handshake that takes longer is looked into. */
const HANDSHAKE_MS = 300;
const ANSWER_MS = 500;

export type Place = { readonly host: string; readonly port: number } | { readonly path: string };

/** Rejects where a plain Redis is asked by TLS. To be raced against the handshake and ended after it; never resolves. */
export function plainInstead(place: Place): { readonly failed: Promise<never>; readonly end: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const failed = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      void answersPlainly(place).then((plain) => plain && reject(trouble(place, PLAIN)));
    }, HANDSHAKE_MS);
  });
  return { failed, end: () => clearTimeout(timer) };
}

/** Where a TLS server was asked plainly: the error. */
export async function tlsInstead(place: Place): Promise<MarbleRunError | undefined> {
  return (await answersByTls(place)) ? trouble(place, BY_TLS) : undefined;
}

const PLAIN = 'this port speaks without TLS and was asked with it; use redis:// (no tls), or the TLS port of Redis';
const BY_TLS = 'this port speaks TLS and was asked without it; use rediss://, or tls in the long form';

function trouble(place: Place, what: string): MarbleRunError {
  const where = 'path' in place ? place.path : `${place.host}:${place.port}`;
  return new MarbleRunError('MR_REDIS_TLS', `no TLS connection to Redis at ${where}: ${what}`);
}

function answersPlainly(place: Place): Promise<boolean> {
  const socket = connectPlainly({ ...place });
  socket.write('PING\r\n');
  return answer(socket, (done) => socket.once('data', (first) => done(/^[+-]/.test(first.toString()))));
}

function answersByTls(place: Place): Promise<boolean> {
  const socket = connectByTls({ ...place, rejectUnauthorized: false }); // nothing is told to it, and nothing is believed
  return answer(socket, (done) => {
    socket.once('secureConnect', () => done(true));
    socket.once('error', ({ message }: Error) => done(message.includes('alert'))); // it speaks TLS, but not with us
  });
}

function answer(socket: Socket, listen: (done: (is: boolean) => void) => void): Promise<boolean> {
  return new Promise<boolean>((resolve) => {
    listen(resolve);
    socket.on('error', () => resolve(false)).once('close', () => resolve(false));
    setTimeout(resolve, ANSWER_MS, false).unref();
  }).finally(() => socket.destroy());
}
