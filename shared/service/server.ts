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
  /** Reads what is measured only when somebody asks. Called once per scrape, never twice at a time. */
  readonly collect: () => Promise<void>;
  /** Is the bus there, and are the loops turning? */
  readonly readiness: () => Readiness;
}

export type Server = ReturnType<typeof createServer>;

export function createServer({ log, registry, collect, readiness }: ServerOptions) {
  const server = Fastify({
    loggerInstance: log.child({}, { level: quieter(log.level) }),
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
  const scrape = shared(() => collect().then(() => registry.metrics()));
  server.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await scrape()));
  return server;
}

/** Each request and each address listened on would be a line: only at debug. */
function quieter(level: string): string {
  return level === 'info' ? 'warn' : level;
}

/** Callers that come while the work is under way get its result. */
function shared<T>(work: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined;
  return () => (underWay ??= work().finally(() => (underWay = undefined)));
}
