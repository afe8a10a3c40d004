/**
 * Errors as problem details (RFC 9457): `application/problem+json` with the stable code as its type. This covers errors
 * that occur before there is a route or a request.
 */
import { isMarbleRunError, type ErrorCode } from 'marblerun';
import { z } from 'zod';
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

const STATUS: Partial<Record<ErrorCode, number>> = {
  MR_BAD_NAME: 400,
  MR_BAD_OPTION: 400,
  MR_NOT_FOUND: 404,
  MR_BATCH_CLOSED: 409,
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

/** The schemas of errors, for the responses of a route. */
export const problems = {
  '4xx': { description: 'the request cannot be done', content },
  '5xx': { description: 'Redis is away or refuses, or the service has failed', content },
} as const;

export function problem(reply: FastifyReply, status: number, title: string, detail: string) {
  return answer(reply, { type: 'about:blank', title, status, detail });
}

function answer(reply: FastifyReply, details: z.infer<typeof schema>) {
  return reply.code(details.status).type('application/problem+json').send(details);
}

export function handleError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  if (isMarbleRunError(error)) {
    const status = STATUS[error.code] ?? 500;
    if (status === 500) request.log.error({ err: error }, 'request failed');
    return answer(reply, { type: error.code, title: error.code, status, detail: error.message });
  }
  const status = error.statusCode ?? 500;
  if (status < 500) return problem(reply, status, error.code, error.message);
  request.log.error({ err: error }, 'request failed');
  return problem(reply, status, 'Internal Server Error', 'the log has the details');
}

/** The statuses of errors at the socket; every other error there is a request that cannot be read. */
const SOCKET_STATUS: Record<string, number> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers bytes that never became a request, and hangs up. */
export function refuseAtSocket({ code = '' }: { code?: string }, socket: Socket): void {
  if (!socket.writable || code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = SOCKET_STATUS[code] ?? 400;
  const { headers, body } = bareProblem(status, `the request cannot be read (${code})`);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(headers).map((pair) => pair.join(': ')),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Answers an unknown `Expect`, which Node.js would answer without a body. */
export function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const { headers, body } = bareProblem(417, 'Expect: only 100-continue is known');
  response.writeHead(417, headers).end(body);
}

function bareProblem(status: number, detail: string) {
  const body = JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail });
  const headers = {
    ...{ Connection: 'close', 'Cache-Control': 'no-store' },
    ...{ 'Content-Type': 'application/problem+json', 'Content-Length': String(Buffer.byteLength(body)) },
  };
  return { headers, body };
}
