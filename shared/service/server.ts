/**
 * The HTTP side that both services have: health, metrics, errors. Builds; does not listen.
 */
import Fastify from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Registry } from 'prom-client';
import type { Logger } from './logger.js';
import { handleError, problem } from './problem.js';

export interface Readiness {
  readonly ready: boolean;
  /** What it waits for, or how each part is, for people. */
  readonly detail: Record<string, unknown>;
}

export interface ServerOptions {
  readonly log: Logger;
  readonly registry: Registry;
  /** Is the bus there, and are the loops turning? */
  readonly readiness: () => Readiness;
}

export type Server = ReturnType<typeof createServer>;

export function createServer({ log, registry, readiness }: ServerOptions) {
  const server = Fastify({
    loggerInstance: log,
    disableRequestLogging: true,
    bodyLimit: 65_536,
    requestTimeout: 30_000,
    return503OnClosing: true,
    forceCloseConnections: 'idle',
  }).withTypeProvider<ZodTypeProvider>();
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  server.setErrorHandler(handleError);
  server.setNotFoundHandler((request, reply) =>
    problem(reply, 404, 'Not Found', `${request.method} ${request.url}: there is no such route`),
  );

  server.get('/health/live', () => ({ status: 'live' }));
  server.get('/health/ready', (_request, reply) => {
    const { ready, detail } = readiness();
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', ...detail });
  });
  server.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  return server;
}
