/**
 * The Monitor's API for people and tools. Access is decided in access.ts of `@marblerun/service`.
 */
import {
  needsToken,
  problems,
  registerChanges,
  registerReads,
  type Access,
  type Change,
  type Routes,
  type Server,
} from '@marblerun/service';
import { MarbleRunError } from 'marblerun';
import { z } from 'zod';
import { registerBatchChanges } from './api-batch-changes.js';
import { registerBatches } from './api-batches.js';
import { registerContainers } from './api-containers.js';
import { registerQueues } from './api-queues.js';
import { deleted, none, requeued } from './api-schemas.js';
import { inRun, registerRuns, registerViews, type Find } from './api-views.js';
import type { RunMonitor } from './run-monitor.js';

const serial = z.string().regex(/^\d{1,16}$/, 'must be the serial of a dead letter');
const isDead = z.object({ run: z.string(), serial });
const ofQueue = z.object({ queue: z.string().optional() });
const these = z.strictObject({ serials: z.array(serial).min(1).max(1000).optional() }).nullish();
export function registerApi(server: Server, monitors: readonly RunMonitor[], access: Access): void {
  const find: Find = (run) => {
    const monitor = monitors.find((candidate) => candidate.run === run);
    if (!monitor)
      throw new MarbleRunError(
        'MR_NOT_FOUND',
        `run: "${run}" is not watched here; allowed: ${monitors.map((m) => m.run).join(', ')}`,
      );
    return monitor;
  };
  registerReads(server, access, (routes) => {
    registerRuns(routes, monitors);
    registerQueues(routes, find);
    registerBatches(routes, find);
    registerViews(routes, find);
    registerContainers(routes, find);
  });
  registerChanges(server, access, (routes) => {
    registerOne(routes, find);
    registerMany(routes, find);
    registerBatchChanges(routes, find);
  });
}

type Settlement = 'requeue' | 'delete';

function registerOne(routes: Routes, find: Find): void {
  const one = async (what: Settlement, { run, serial }: z.infer<typeof isDead>): Promise<Change> => {
    if ((await many(find(run), what, undefined, [serial])) === 0)
      throw new MarbleRunError('MR_NOT_FOUND', `serial: ${serial} is not a dead letter of this run`);
    return { what, run, serial, marbles: 1 };
  };
  const common = { security: needsToken, params: isDead, response: { 204: none, ...problems } };
  const requeue = { ...common, summary: 'Puts a dead letter back into its queue and forgets its attempts' };
  routes.post('/api/runs/:run/dead/:serial/requeue', { schema: requeue }, async (request, reply) => {
    request.change = await one('requeue', request.params);
    return reply.code(204).send();
  });
  const remove = { ...common, summary: 'Deletes a dead letter' };
  routes.delete('/api/runs/:run/dead/:serial', { schema: remove }, async (request, reply) => {
    request.change = await one('delete', request.params);
    return reply.code(204).send();
  });
}

function registerMany(routes: Routes, find: Find): void {
  const common = { security: needsToken, params: inRun, querystring: ofQueue, body: these };
  const requeue = {
    ...{
      ...common,
      summary: 'Puts dead letters back: those with the serials, or all; only those of the queue, if one is given',
    },
    response: { 200: requeued, ...problems },
  };
  routes.post('/api/runs/:run/dead/requeue', { schema: requeue }, async (request) => {
    const { params, query, body } = request;
    const requeued = await many(find(params.run), 'requeue', query.queue, body?.serials);
    request.change = { what: 'requeue', run: params.run, queue: query.queue, marbles: requeued };
    return { requeued };
  });
  const remove = {
    ...{ ...common, summary: 'Deletes dead letters: those with the serials, or all of a queue' },
    response: { 200: deleted, ...problems },
  };
  routes.post('/api/runs/:run/dead/delete', { schema: remove }, async (request) => {
    const { params, query, body } = request;
    if (!query.queue && !body?.serials)
      throw new MarbleRunError(
        'MR_BAD_OPTION',
        'queue or serials: not given; allowed: one of them, since the dead of all queues are never deleted at once',
      );
    const deleted = await many(find(params.run), 'delete', query.queue, body?.serials);
    request.change = { what: 'delete', run: params.run, queue: query.queue, marbles: deleted };
    return { deleted };
  });
}

/** Selects the dead letters with these serials, or all; only those of `queue`, if it is given. */
function many({ reports }: RunMonitor, what: Settlement, queue?: string, serials?: string[]): Promise<number> {
  const { deadLetters } = reports;
  if (what === 'requeue') return serials ? deadLetters.requeue(serials, queue) : deadLetters.requeueAll(queue);
  return serials ? deadLetters.remove(serials, queue) : deadLetters.removeAll(queue);
}
