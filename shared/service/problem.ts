/**
 * Errors as problem details (RFC 9457): `application/problem+json` with the stable code as its type.
 */
import { isMarbleRunError, type ErrorCode } from 'marblerun';
import { z } from 'zod';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

const STATUS: Partial<Record<ErrorCode, number>> = {
  MR_BAD_NAME: 400,
  MR_BAD_OPTION: 400,
  MR_NOT_FOUND: 404,
  MR_REDIS_UNAVAILABLE: 503,
  MR_REDIS_AUTH: 503,
  MR_REDIS_TLS: 503,
  MR_REDIS_READONLY: 503,
  MR_REDIS_FULL: 503,
  MR_REDIS_TOO_OLD: 503,
  MR_LAYOUT: 503,
};

const schema = z
  .object({
    type: z.string().describe('a stable MR_* code, or about:blank'),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
  })
  .meta({ description: 'problem details (RFC 9457)' });
const content = { 'application/problem+json': { schema } };

/** For the responses of a route. */
export const problems = {
  '4xx': { description: 'the request cannot be done', content },
  '5xx': { description: 'Redis is away or refuses, or the service has failed', content },
} as const;

export function problem(reply: FastifyReply, status: number, title: string, detail: string, code = 'about:blank') {
  return reply.code(status).type('application/problem+json').send({ type: code, title, status, detail });
}

export function handleError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  if (isMarbleRunError(error)) {
    const status = STATUS[error.code] ?? 500;
    if (status === 500) request.log.error({ err: error }, 'request failed');
    return problem(reply, status, error.code, error.message, error.code);
  }
  const status = error.statusCode ?? 500;
  if (status < 500) return problem(reply, status, error.code, error.message);
  request.log.error({ err: error }, 'request failed');
  return problem(reply, status, 'Internal Server Error', 'the log has the details');
}
