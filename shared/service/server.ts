/**
 * The HTTP side that both services share: health, metrics, the OpenAPI document, errors, limits. It builds the server
 * and does not listen.
 */
import compress from '@fastify/compress';
import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance } from 'fastify';
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { Gauge, type Registry } from 'prom-client';
import { z } from 'zod';
import { guardChanges, guardReads, mayNeedToken, type Access } from './access.js';
import { registerAudit } from './audit.js';
import { COMPRESSION } from './compression.js';
import { lookAfterConnections } from './connections.js';
import { HEADERS } from './headers.js';
import { checkHost } from './hosts.js';
import type { Logger } from './logger.js';
import { tellMethods } from './methods.js';
import { handleError, problem, problems, refuseAtSocket, refuseExpectation } from './problem.js';
import { makeQueriesStrict } from './strict-query.js';
import { VERSION } from './version.js';

export interface Readiness {
  readonly ready: boolean;
  /** The reasons why it is not ready, or the state of each part, for people. */
  readonly detail: Record<string, unknown>;
}

export interface ServerOptions {
  /** The service's name in a network: `monitor` or `elevator`. */
  readonly service: string;
  /** Further names of its host, besides those that it always has. */
  readonly hosts: readonly string[];
  /** The title of the OpenAPI document. */
  readonly title: string;
  readonly log: Logger;
  readonly access: Access;
  readonly registry: Registry;
  /** Reads the measured values when somebody asks. It is called once per scrape, and never twice at a time. */
  readonly collect: () => Promise<void>;
  /** Tells whether the bus is there and the loops turn. */
  readonly readiness: () => Readiness;
}

export type Server = ReturnType<typeof buildServer>;
/** The object that routes are registered on. */
export type Routes = Omit<Server, 'register'>;

/** The version of the routes, not of the package. It is raised when a client would notice a change. */
const API_VERSION = '2.0.0';

const LIMITS = {
  bodyLimit: 65_536,
  /** The time for a whole request, and for the part before its body. A slower client is cut off. */
  requestTimeout: 15_000,
  headersTimeout: 10_000,
  connectionsCheckingInterval: 1000,
  /** The time after which a connection is closed on which nothing was sent and nothing taken. */
  connectionTimeout: 60_000,
  maxHeaderSize: 16_384,
} as const;

export function createServer(options: ServerOptions): Server {
  tellBuild(options);
  const server = buildServer(options.log);
  server.server.on('checkExpectation', refuseExpectation);
  registerAudit(server, options.log);
  server.addHook('onRequest', checkHost(options.service, options.hosts));
  tellMethods(server);
  makeQueriesStrict(server);
  refuseWhenClosing(server);
  lookAfterConnections(server);
  void server.register(helmet, HEADERS);
  void server.register(compress, COMPRESSION);
  void server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: options.title, version: API_VERSION },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
  });
  void server.register((scope, _options, done) => {
    registerHealth(scope as unknown as Routes, options.readiness);
    done();
  });
  registerReads(server, options.access, (routes) => {
    registerMetrics(routes, options);
    routes.get('/openapi.json', { schema: { hide: true } }, () => server.swagger());
  });
  return server;
}

/** Registers routes that show something. */
export function registerReads(server: Server, access: Access, routes: (scope: Routes) => void): void {
  registerGuarded(server, (scope) => guardReads(scope, access), routes);
}

/** Registers routes that change something. */
export function registerChanges(server: Server, access: Access, routes: (scope: Routes) => void): void {
  registerGuarded(server, (scope) => guardChanges(scope, access), routes);
}

function registerGuarded(
  server: Server,
  guard: (scope: FastifyInstance) => Promise<void>,
  routes: (scope: Routes) => void,
): void {
  void server.register(async (scope) => {
    await guard(scope);
    routes(scope as unknown as Routes);
  });
}

function buildServer(log: Logger) {
  const { headersTimeout, connectionsCheckingInterval, maxHeaderSize, ...limits } = LIMITS;
  const server = Fastify({
    loggerInstance: log.child({}, { level: quieter(log.level) }),
    ...limits,
    // A request without a host name is answered as all others are; Node.js would refuse it.
    http: { headersTimeout, connectionsCheckingInterval, maxHeaderSize, requireHostHeader: false },
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      handleError(error, request, reply.header('cache-control', 'no-store'));
    },
    clientErrorHandler: (error, socket) => {
      log.trace({ err: error }, 'client error');
      refuseAtSocket(error, socket);
    },
    forceCloseConnections: 'idle',
  }).withTypeProvider<ZodTypeProvider>();
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  server.setErrorHandler(handleError);
  // Answers describe this moment, and may be for few eyes: no cache on the way may keep them.
  server.addHook('onSend', (_request, reply, payload, done) => {
    reply.header('cache-control', 'no-store');
    done(null, payload);
  });
  return server;
}

/** Refuses requests on existing connections while the server stops. */
function refuseWhenClosing(server: Server): void {
  let closing = false;
  server.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  server.addHook('onRequest', async (_request, reply) =>
    closing
      ? problem(reply.header('connection', 'close'), 503, 'Service Unavailable', 'this service is stopping')
      : undefined,
  );
}

const live = z.object({ status: z.literal('live') });
const ready = z.looseObject({ status: z.enum(['ready', 'not ready']) });

function registerHealth(routes: Routes, readiness: () => Readiness): void {
  routes.get('/health/live', { schema: { summary: 'Does the process turn?', response: { 200: live } } }, () => ({
    status: 'live' as const,
  }));
  const schema = { summary: 'Does the bus answer, and do the loops turn?', response: { 200: ready, 503: ready } };
  routes.get('/health/ready', { schema }, async (_request, reply) => {
    const { ready: is, detail } = readiness();
    return reply.code(is ? 200 : 503).send({ status: is ? ('ready' as const) : ('not ready' as const), ...detail });
  });
}

function tellBuild({ registry, service }: ServerOptions): void {
  const labels = { service, version: VERSION, node: process.version };
  const labelNames = Object.keys(labels) as (keyof typeof labels)[];
  const name = 'marblerun_build_info';
  new Gauge({ name, help: 'What runs here; always 1', labelNames, registers: [registry] }).set(labels, 1);
}

function registerMetrics(routes: Routes, { registry, collect }: ServerOptions): void {
  const scrape = shared(() => collect().then(() => registry.metrics()));
  const text = { description: 'Prometheus text format', content: { 'text/plain': { schema: z.string() } } };
  const schema = { summary: 'Metrics', security: mayNeedToken, response: { 200: text, ...problems } };
  routes.get('/metrics', { schema }, async (_request, reply) => reply.type(registry.contentType).send(await scrape()));
}

/** Logs less: each request and each address listened on would be a line, so they are logged at debug only. */
function quieter(level: string): string {
  return level === 'info' ? 'warn' : level;
}

/** Shares the result of the work with callers that come while it is under way. */
function shared<T>(work: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined;
  return () => (underWay ??= work().finally(() => (underWay = undefined)));
}
