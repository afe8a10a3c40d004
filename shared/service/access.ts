/**
 * Bearer tokens and what they allow. They are compared in constant time. Several are valid at once, so that one can be
 * replaced.
 *
 * Reads are open unless there are read tokens. Changes are refused unless there are tokens for them; such a token
 * allows reads too. Health is always open, since probes have no secrets.
 */
import bearerAuth from '@fastify/bearer-auth';
import type { FastifyInstance } from 'fastify';
import { problem } from './problem.js';
import { findToken, type Token } from './tokens.js';

export interface Access {
  /** The tokens for requests that change something. */
  readonly tokens: readonly Token[];
  /** The tokens for reads and metrics. An empty list leaves these open. */
  readonly readTokens: readonly Token[];
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The token that was shown, if it is one of this service's. */
    token: Token | undefined;
  }
}

/** The part of the OpenAPI document about routes that need a token. */
type Security = readonly Readonly<Record<string, readonly string[]>>[];
export const mayNeedToken: Security = [{}, { token: [] }];
export const needsToken: Security = [{ token: [] }];

/** Makes routes of `scope` that are registered after this need a token for reads, if there are any such tokens. */
export async function guardReads(scope: FastifyInstance, { tokens, readTokens }: Access): Promise<void> {
  if (readTokens.length > 0) await needToken(scope, [...tokens, ...readTokens]);
}

/** Makes routes of `scope` that are registered after this need a token for changes. */
export async function guardChanges(scope: FastifyInstance, { tokens, readTokens }: Access): Promise<void> {
  if (tokens.length === 0) {
    scope.addHook('onRequest', async (_request, reply) =>
      problem(reply, 403, 'Forbidden', 'MARBLERUN_TOKEN is not set, so nothing can be changed here'),
    );
    return;
  }
  await needToken(scope, [...tokens, ...readTokens]); // a token in both lists is found among those for changes
  scope.addHook('onRequest', async (request, reply) => {
    if (request.token && tokens.includes(request.token)) return undefined;
    return problem(
      reply.header('www-authenticate', 'Bearer error="insufficient_scope"'),
      ...([403, 'Forbidden', 'this token is for reads; a change needs one of MARBLERUN_TOKEN'] as const),
    );
  });
}

async function needToken(scope: FastifyInstance, tokens: readonly Token[]): Promise<void> {
  await scope.register(bearerAuth, {
    keys: new Set<string>(),
    auth: (presented, request) => (request.token = findToken(tokens, presented)) !== undefined,
    specCompliance: 'rfc6749', // "bearer" is as good as "Bearer"
    contentType: 'application/problem+json',
    errorResponse: ({ message }) => ({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      detail: message,
      error: message,
    }),
    verifyErrorLogLevel: 'debug',
  });
  scope.addHook('onSend', async (_request, reply) => {
    if (reply.statusCode === 401) reply.header('www-authenticate', 'Bearer realm="marblerun"');
  });
}
