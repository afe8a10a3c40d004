/**
 * The dashboard: it serves the files of dashboard/ as they are. They hold no data, so they need no token; the page asks
 * the API for what it shows, as any client does.
 */
import fastifyStatic from '@fastify/static';
import type { Server } from '@marblerun/service';

const FILES = new URL('../dashboard/', import.meta.url);

/** Registers a route for each file that is there at the start, and for no other path. */
export function registerDashboard(server: Server): void {
  void server.register(fastifyStatic, { root: FILES, wildcard: false, decorateReply: false });
}
