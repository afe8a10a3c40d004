/**
 * Tells TLS spoken to a plain port from a slow path, and plain words spoken to a TLS port from a Redis that is away.
 *
 * Nobody reports these mistakes: on a plain port Redis waits for the end of a line that never comes, and on a TLS port
 * it hangs up. So the port is asked in the other way as well, by a connection that ends at once. What may go wrong:
 * nobody answers that either. Nothing is claimed in that case.
 */
import { connect as connectPlainly, type Socket } from 'node:net';
import { connect as connectByTls } from 'node:tls';
import { MarbleRunError } from '../../errors.js';

/** How long a handshake may take before it is looked into. */
const HANDSHAKE_MS = 300;
const ANSWER_MS = 500;

export type Place = { readonly host: string; readonly port: number } | { readonly path: string };

/**
 * Rejects where TLS is spoken to a plain Redis. It is raced against the handshake and ended after it. It never
 * resolves.
 */
export function plainInstead(place: Place): { readonly failed: Promise<never>; readonly end: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const failed = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      void answersPlainly(place).then((plain) => plain && reject(trouble(place, PLAIN)));
    }, HANDSHAKE_MS);
  });
  return { failed, end: () => clearTimeout(timer) };
}

/** Returns the error, where a TLS server was asked without TLS. */
export async function tlsInstead(place: Place): Promise<MarbleRunError | undefined> {
  return (await answersByTls(place)) ? trouble(place, BY_TLS) : undefined;
}

const PLAIN = 'this port does not speak TLS and was asked by TLS; use redis:// (no tls), or the TLS port of Redis';
const BY_TLS = 'this port speaks TLS and was asked without TLS; use rediss://, or tls in the long form';

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
  const socket = connectByTls({ ...place, rejectUnauthorized: false }); // it is told nothing and believed nothing
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
