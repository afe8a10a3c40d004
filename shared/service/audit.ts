/**
 * The audit log: a line for each change (who, by the name of the token; what; how many), and a line for each refusal.
 *
 * Its lines have the field `"audit"`, which tells them from all others. They go to the log of the service, at `info`
 * and `warn`: a log level above these leaves them out.
 */
import type { FastifyRequest } from 'fastify';
import type { Logger } from './logger.js';
import type { Server } from './server.js';

/** A description of what was done: ids and numbers, never data. */
export type Change = Readonly<Record<string, string | number | undefined>> & { readonly what: string };

declare module 'fastify' {
  interface FastifyRequest {
    change: Change | undefined;
  }
}

const REFUSALS = new Set([401, 403, 421]);

export function registerAudit(server: Server, log: Logger): void {
  server.decorateRequest('token', undefined);
  server.decorateRequest('change', undefined);
  server.addHook('onResponse', async (request, { statusCode }) => {
    if (request.change) log.info({ audit: 'change', ...asked(request), ...request.change }, 'changed');
    else if (REFUSALS.has(statusCode)) log.warn({ audit: 'refusal', ...asked(request), status: statusCode }, 'refused');
  });
}

function asked({ token, ip, method, url }: FastifyRequest) {
  return { who: token?.name ?? 'nobody', ip, method, path: url.split('?', 1)[0]?.slice(0, 200) };
}
