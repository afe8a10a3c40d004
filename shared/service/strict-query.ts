/**
 * Refuses a query field that a route does not know, or that is empty: a misspelt filter would otherwise mean "all".
 * This holds for every route, whatever its schema says of unknown fields.
 */
import { z } from 'zod';
import { problem } from './problem.js';
import type { Server } from './server.js';

/** Adds the check. Call it before any route is registered. */
export function makeQueriesStrict(server: Server): void {
  server.addHook('onRoute', (route) => {
    const { querystring = z.object({}), ...others } = route.schema ?? {};
    route.schema = { ...others, querystring: querystring instanceof z.ZodObject ? querystring.strict() : querystring };
  });
  server.addHook('preValidation', async (request, reply) => {
    const empty = Object.entries(request.query as object).find(([, value]) => value === '');
    if (empty) return problem(reply, 400, 'Bad Request', `querystring/${empty[0]}: has no value`);
    return undefined;
  });
}
