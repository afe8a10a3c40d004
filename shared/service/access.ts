/**
 * Who may ask what: bearer tokens, compared in constant time; several at once, so that they can be exchanged.
 *
 * Reads are open unless there are read tokens; what changes something is refused unless there are
 * tokens for it, which are good for reads too. Health is always open: probes have no secrets.
 */
import bearerAuth from '@fastify/bearer-auth';
import type { FastifyInstance } from 'fastify';
import { problem } from './problem.js';

export interface Access {
  /** For requests that change something. */
  readonly tokens: readonly string[];
  /** For reads and metrics; empty: they are open. */
  readonly readTokens: readonly string[];
}

/** What the OpenAPI document says of such routes. */
type Security = readonly Readonly<Record<string, readonly string[]>>[];
export const mayNeedToken: Security = [{}, { token: [] }];
export const needsToken: Security = [{ token: [] }];

type Scope = Pick<FastifyInstance, 'register' | 'addHook'>;

/** Routes of `scope` that are registered after this need a token for reads, if there are any. */
export async function guardReads(scope: Scope, { tokens, readTokens }: Access): Promise<void> {
  if (readTokens.length > 0) await needToken(scope, [...readTokens, ...tokens]);
}

/** Routes of `scope` that are registered after this need a token for changes. */
export async function guardChanges(scope: Scope, { tokens }: Access): Promise<void> {
  if (tokens.length > 0) return needToken(scope, tokens);
  scope.addHook('onRequest', async (_request, reply) =>
    problem(reply, 403, 'Forbidden', 'MARBLERUN_TOKEN is not set, so nothing can be changed here'),
  );
}

async function needToken(scope: Scope, tokens: readonly string[]): Promise<void> {
  await scope.register(bearerAuth, {
    keys: new Set(tokens),
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
}
