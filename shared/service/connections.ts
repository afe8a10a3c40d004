/**
 * The connections of a server: who asks something, and who is silent.
 *
 * There is room for so many, and nobody is turned away: whoever comes then takes the place of the one that has been silent
 * for longest. So no number of idle connections keeps a probe out, which asks as soon as it is there. When the server stops,
 * requests under way are answered; who is silent or stops in the middle of a request is not waited for.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Server } from './server.js';

const MOST = 1000;
/** What is on its way already when a service is told to stop gets an answer: that it stops. */
const ALLOWANCE_MS = 300;

export function lookAfterConnections(server: Server): void {
  /** With what each asks; those that have been silent for longest first. */
  const all = new Map<Socket, IncomingMessage | undefined>();
  let over = false;
  const isSilent = (socket: Socket) => !all.get(socket)?.complete;
  const putLast = (socket: Socket, asks?: IncomingMessage) => {
    if (all.delete(socket)) all.set(socket, asks);
  };
  server.server.on('connection', (socket: Socket) => {
    if (all.size >= MOST) makeRoom(all, isSilent);
    all.set(socket, undefined);
    socket.once('close', () => all.delete(socket));
  });
  server.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    putLast(socket, request);
    response.once('close', () => {
      putLast(socket);
      if (over) socket.destroySoon();
    });
  });
  server.addHook('preClose', (done) => {
    setTimeout(() => {
      over = true;
      for (const socket of all.keys()) if (isSilent(socket)) socket.destroy();
    }, ALLOWANCE_MS);
    done();
  });
}

/** Where nobody is silent, the one that has waited for its answer for longest goes: it takes none, or comes again. */
function makeRoom(all: Map<Socket, unknown>, isSilent: (socket: Socket) => boolean): void {
  const sockets = [...all.keys()];
  const leaver = sockets.find(isSilent) ?? sockets[0]!;
  all.delete(leaver);
  leaver.destroy();
}
