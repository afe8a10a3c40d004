/**
 * A query field that a route does not know, or that says nothing, is a mistake: a misspelt filter would else mean "all".
 * Holds for every route, whatever its schema says of unknown fields.
 */
import { z } from 'zod';
import { problem } from './problem.js';
import type { Server } from './server.js';

/** To be called before any route is registered. */
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
