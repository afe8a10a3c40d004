/**
 * The queues of a run, which may be very many: a page of them by name, or the most telling ones.
 */
import type { Routes } from '@marblerun/service';
import { MarbleRunError } from 'marblerun';
import { z } from 'zod';
import { queues } from './api-schemas.js';
import { limit, view, type Find } from './api-views.js';
import { pageOf } from './page-of.js';
import type { RunMonitor } from './run-monitor.js';

const text = z.string().max(128);
const ofQueues = z.object({
  limit,
  order: z
    .enum(['name', 'telling'])
    .default('name')
    .describe(
      'name: by name; telling: in turn the deepest, the longest waiting, and those that fail most; some hundred at most',
    ),
  after: text.optional().describe('only queues whose name comes after this one'),
  name: text.optional().describe('only queues with this text in their name'),
});

/** The patience of a request: a reading of very many queues takes longer than a scrape would wait. */
const PATIENCE_MS = 8000;

export function registerQueues(routes: Routes, find: Find): void {
  const schema = { ...view('Queues of a run', queues), querystring: ofQueues };
  routes.get('/api/runs/:run/queues', { schema }, ({ params, query }) =>
    query.order === 'telling' ? mostTelling(find(params.run), query) : byName(find(params.run), query),
  );
}

type Query = z.infer<typeof ofQueues>;

async function byName({ reports }: RunMonitor, query: Query) {
  const { total, names, next } = await pageOf(reports.queues.names(), query);
  return { total, queues: await reports.queues.queuesNamed(names), next };
}

async function mostTelling({ run, reading }: RunMonitor, { limit, after, name }: Query) {
  const field = after === undefined ? 'name' : 'after';
  if ((after ?? name) !== undefined)
    throw new MarbleRunError('MR_BAD_OPTION', `${field}: is not allowed here; allowed: ${field} with order=name`);
  const read = await reading.get(PATIENCE_MS);
  if (!read) throw new MarbleRunError('MR_REDIS_UNAVAILABLE', `run: the queues of ${run} could not be read in time`);
  return { total: read.sums.queues, queues: read.telling.slice(0, limit) };
}
