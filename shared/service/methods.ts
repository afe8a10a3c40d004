/**
 * Answers a request that no route takes: 405 with the allowed methods where the path has any, otherwise 404.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problem } from './problem.js';
import type { Server } from './server.js';

/** Collects the methods of each path. Call it before any route is registered. */
export function tellMethods(server: Server): void {
  const routes: { path: RegExp; methods: readonly string[] }[] = [];
  server.addHook('onRoute', ({ url, method }) => {
    routes.push({ path: patternOf(url), methods: [method].flat() });
  });
  server.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0]!;
    const methods = new Set(routes.filter((route) => route.path.test(path)).flatMap((route) => route.methods));
    if (methods.size === 0)
      return problem(reply, 404, 'Not Found', `${request.method} ${path}: there is no such route`);
    const allow = [...methods].sort().join(', ');
    return problem(
      reply.header('allow', allow),
      405,
      'Method Not Allowed',
      `${request.method} ${path}: allowed: ${allow}`,
    );
  });
}

/** Turns the path of a route into a pattern; `:name` stands for one part of a path. */
function patternOf(url: string): RegExp {
  const parts = url
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  return new RegExp(`^${parts.join('/')}$`);
}
