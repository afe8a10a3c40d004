/**
 * The connections of a server: it knows who asks something, and who is silent.
 *
 * There is room for a fixed number, and nobody is turned away: a newcomer takes the place of the connection that has
 * been silent for longest. So no number of idle connections keeps a probe out, which asks as soon as it is there. When
 * the server stops, requests under way are answered. Connections that are silent, or that stop in the middle of a
 * request, are not waited for.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Server } from './server.js';

const MOST = 1000;
/**
 * The time for requests that are already on their way when a service is told to stop: the answer says that it stops.
 */
const ALLOWANCE_MS = 300;

export function lookAfterConnections(server: Server): void {
  /** The connections with what each asks; those that have been silent for longest come first. */
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

/**
 * Makes room for one more connection. Where nobody is silent, the one that has waited for its answer for longest goes:
 * its client either does not read, or comes again.
 */
function makeRoom(all: Map<Socket, unknown>, isSilent: (socket: Socket) => boolean): void {
  const sockets = [...all.keys()];
  const leaver = sockets.find(isSilent) ?? sockets[0]!;
  all.delete(leaver);
  leaver.destroy();
}
