/**
 * The batches of a run: a page of them, or one batch with its inner batches and the causes of its dead letters.
 */
import type { Routes } from '@marblerun/service';
import { MarbleRunError } from 'marblerun';
import { failureGroups, type BatchState } from 'marblerun/communicator';
import { z } from 'zod';
import { batchDetail, batchPage } from './api-batch-schemas.js';
import { inRun, limit, offset, view, type Find } from './api-views.js';
import type { RunMonitor } from './run-monitor.js';

const id = z.string().regex(/^[\w-]{1,32}$/, 'must be the id of a batch');
export const inBatch = inRun.extend({ id });
const ofBatches = z.object({
  offset,
  limit,
  name: z.string().max(128).optional().describe('only the batch of this name'),
});
const ofOne = z.object({
  limit,
  after: id.optional().describe('only batches inside it whose ids come after this one'),
});

/** The most dead letters that are looked at: each is read with its data. */
const MOST_LOOKED = 500;

export function registerBatches(routes: Routes, find: Find): void {
  const page = { ...view('Batches: open ones first, then complete ones, the latest first', batchPage) };
  routes.get('/api/runs/:run/batches', { schema: { ...page, querystring: ofBatches } }, ({ params, query }) =>
    query.name === undefined ? pageOf(find(params.run), query) : named(find(params.run), query.name),
  );
  const schema = { ...view('A batch: its progress, and why its dead letters died', batchDetail), params: inBatch };
  routes.get('/api/runs/:run/batches/:id', { schema: { ...schema, querystring: ofOne } }, ({ params, query }) =>
    detail(find(params.run), params.id, query),
  );
}

async function pageOf({ reports: { batches } }: RunMonitor, { offset, limit }: z.infer<typeof ofBatches>) {
  const [total, some] = await Promise.all([batches.count(), batches.list(offset, limit)]);
  return { total, batches: some.map(shown) };
}

async function named({ reports: { batches } }: RunMonitor, name: string) {
  const id = await batches.idOf(name);
  const found = id === undefined ? [] : await batches.states([id]);
  const some = found.filter((state) => state !== undefined).map(shown);
  return { total: some.length, batches: some };
}

async function detail({ run, reports }: RunMonitor, id: string, { limit, after }: z.infer<typeof ofOne>) {
  const { batches } = reports;
  const [state] = await batches.states([id]);
  if (!state) throw new MarbleRunError('MR_NOT_FOUND', `id: "${id}" is not a batch of run ${run}`);
  const [ids, groups] = await Promise.all([
    batches.childrenOf(id, limit + 1, after),
    state.dead > 0 ? failureGroups(reports, id, MOST_LOOKED) : [],
  ]);
  const children = await batches.states(ids.slice(0, limit));
  const { onDead, maxDead, keepMs, elevated, then } = state.about;
  return {
    batch: shown(state),
    settings: { onDead, maxDead, keepMs, elevated, then: then?.queue },
    failures: {
      looked: groups.reduce((sum, { count }) => sum + count, 0),
      groups: groups.map(({ serials, ...group }) => ({ ...group, serials: [...serials] })),
    },
    children: children.filter((child) => child !== undefined).map(shown),
    next: ids.length > limit ? ids[limit - 1] : undefined,
  };
}

function shown({ cancelledMembers, cancelled, doneAt, ...state }: BatchState) {
  return { ...state, cancelled: cancelledMembers, cancelReason: cancelled, done: doneAt !== undefined, doneAt };
}
