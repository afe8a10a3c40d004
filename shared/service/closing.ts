/**
 * The connections of a server that stops: requests under way are answered; who is silent or stops in the middle of a
 * request is not waited for.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Server } from './server.js';

/** What is on its way already when a service is told to stop gets an answer: that it stops. */
const ALLOWANCE_MS = 300;

export function endConnectionsWhenClosing(server: Server): void {
  const all = new Set<Socket>();
  const underWay = new Map<Socket, IncomingMessage>();
  let over = false;
  server.server.on('connection', (socket: Socket) => {
    all.add(socket);
    socket.once('close', () => {
      all.delete(socket);
      underWay.delete(socket);
    });
  });
  server.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    underWay.set(socket, request);
    response.once('close', () => {
      underWay.delete(socket);
      if (over) socket.destroySoon();
    });
  });
  server.addHook('preClose', (done) => {
    setTimeout(() => {
      over = true;
      for (const socket of all) if (!underWay.get(socket)?.complete) socket.destroy();
    }, ALLOWANCE_MS);
    done();
  });
}
