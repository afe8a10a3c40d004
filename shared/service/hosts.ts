/**
 * The names by which a service may be called. A page of somebody else's site may have a name that was made to lead here
 * (DNS rebinding); it calls the service by that name. A form of another site does so too. Neither gets an answer.
 *
 * An IP address is always allowed, since no other site has it as its name. What may go wrong: a proxy or a name service
 * calls the service by a name that nobody told it. Then the refusal says which variable to set.
 */
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { problem } from './problem.js';

const PATTERN = /^[a-z0-9*.-]{1,253}$/;

export const hostPatterns = z
  .string()
  .transform((list, context) => {
    const names = list.split(/[\s,]+/).filter((name) => name !== '');
    if (names.length === 0) context.addIssue('holds no name');
    const patterns = names.map((name) => name.toLowerCase());
    if (!patterns.every((name) => PATTERN.test(name)))
      context.addIssue('must be host names without a port, in which * stands for anything');
    return patterns;
  })
  .default([]);

/** Returns the service's own names (`monitor`, for example): on its machine, in its container, in a cluster. */
function ownNames(service: string): string[] {
  const inCluster = ['svc', 'svc.cluster.local'].map((zone) => `${service}.*.${zone}`);
  return ['localhost', '*.localhost', hostname().toLowerCase(), service, ...inCluster];
}

/** Returns a hook that checks each request. */
export function checkHost(service: string, further: readonly string[]) {
  const isAllowed = matcher([...ownNames(service), ...further]);
  const isTold = matcher(further);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const { host, origin } = request.headers;
    if (host === undefined && request.raw.httpVersion === '1.1')
      return problem(reply, 400, 'Bad Request', 'Host: not given');
    if (host !== undefined && isIP(nameOf(host)) === 0 && !isAllowed(nameOf(host)))
      return problem(
        reply,
        421,
        'Misdirected Request',
        `this service has no such host name; MARBLERUN_HOSTS lists further ones`,
      );
    if (origin === undefined || isSameSite(origin, host, isTold)) return undefined;
    return problem(
      reply,
      403,
      'Forbidden',
      'pages of other sites may not ask here; MARBLERUN_HOSTS lists the names of this one',
    );
  };
}

/** Compares origin and host. The schemes may differ, since TLS may end at a proxy. */
function isSameSite(origin: string, host: string | undefined, isTold: (name: string) => boolean): boolean {
  const [, where] = /^https?:\/\/([^/]+)$/.exec(origin.toLowerCase()) ?? [];
  return where !== undefined && (where === host?.toLowerCase() || isTold(nameOf(where)));
}

/** Removes the port and a trailing dot. */
function nameOf(host: string): string {
  return host
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}

function matcher(patterns: readonly string[]): (name: string) => boolean {
  const expressions = patterns.map((text) => new RegExp(`^${text.replaceAll('.', '\\.').replaceAll('*', '.*')}$`));
  return (name) => expressions.some((expression) => expression.test(name));
}
