/**
 * The Monitor's API for people and tools. Who may ask what: `@marblerun/service`, access.ts.
 */
import {
  mayNeedToken,
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
import type { DeadMarble, Exhumation } from 'marblerun/communicator';
import { z } from 'zod';
import { deadPage, deleted, holders, none, outboxes, queues, requeued, runs } from './api-schemas.js';
import type { RunMonitor } from './run-monitor.js';

const inRun = z.object({ run: z.string() });
const serial = z.string().regex(/^\d{1,16}$/, 'must be the serial of a dead marble');
const inGrave = z.object({ run: z.string(), serial });
const ofQueue = z.object({ queue: z.string().optional() });
const digits = z.string().regex(/^\d{1,15}$/, 'must be a whole number');
const these = z.strictObject({ serials: z.array(serial).min(1).max(1000).optional() }).nullish();
const page = z.object({
  offset: digits.transform(Number).default(0),
  limit: digits.transform(Number).pipe(z.int().min(1).max(1000)).default(100),
});
const PREVIEW_BYTES = 1000;

type Find = (run: string) => RunMonitor;

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
    registerViews(routes, find);
  });
  registerChanges(server, access, (routes) => {
    registerOne(routes, find);
    registerMany(routes, find);
  });
}

function registerRuns(routes: Routes, monitors: readonly RunMonitor[]): void {
  const schema = { summary: 'Every run', security: mayNeedToken, response: { 200: runs, ...problems } };
  routes.get('/api/runs', { schema }, () =>
    Promise.all(
      monitors.map(async ({ run, reports, ready, detail }) => {
        const { status, graveyard } = reports;
        const [monitors, holders, later, dead, redis] = await Promise.all([
          reports.watchers.list(),
          status.holderCount(),
          status.laterCount(),
          graveyard.count(),
          status.durability(),
        ]);
        return { run, ready, loops: detail, monitors, holders, later, dead, redis };
      }),
    ),
  );
}

function registerViews(routes: Routes, find: Find): void {
  const view = <T extends z.ZodType>(summary: string, answer: T) => ({
    ...{ security: mayNeedToken, summary, params: inRun },
    response: { 200: answer, ...problems },
  });
  routes.get('/api/runs/:run/queues', { schema: view('Queues of a run', queues) }, ({ params }) =>
    find(params.run).reports.show(),
  );
  routes.get('/api/runs/:run/outboxes', { schema: view('What waits for an Elevator', outboxes) }, ({ params }) =>
    find(params.run).reports.status.outboxes(),
  );
  const ofHolders = {
    ...view('Holders, the longest unheard first', holders),
    querystring: page.pick({ limit: true }),
  };
  routes.get('/api/runs/:run/holders', { schema: ofHolders }, ({ params, query }) =>
    find(params.run).reports.status.holders(query.limit),
  );
  const ofDead = { ...view('Dead marbles, the latest first', deadPage), querystring: page };
  routes.get('/api/runs/:run/dead', { schema: ofDead }, async ({ params, query }) => {
    const { graveyard } = find(params.run).reports;
    const [total, dead] = await Promise.all([graveyard.count(), graveyard.list(query.offset, query.limit)]);
    return { total, dead: dead.map(shown) };
  });
}

function registerOne(routes: Routes, find: Find): void {
  const one = async (what: Exhumation, { run, serial }: z.infer<typeof inGrave>): Promise<Change> => {
    if ((await find(run).reports.graveyard.exhume(what, [serial])) === 0)
      throw new MarbleRunError('MR_NOT_FOUND', `serial: ${serial} is no dead marble of this run`);
    return { what, run, serial, marbles: 1 };
  };
  const common = { security: needsToken, params: inGrave, response: { 204: none, ...problems } };
  const requeue = { ...common, summary: 'Puts a dead marble back into its queue, its attempts forgotten' };
  routes.post('/api/runs/:run/dead/:serial/requeue', { schema: requeue }, async (request, reply) => {
    request.change = await one('requeue', request.params);
    return reply.code(204).send();
  });
  const remove = { ...common, summary: 'Deletes a dead marble' };
  routes.delete('/api/runs/:run/dead/:serial', { schema: remove }, async (request, reply) => {
    request.change = await one('delete', request.params);
    return reply.code(204).send();
  });
}

function registerMany(routes: Routes, find: Find): void {
  const common = { security: needsToken, params: inRun, querystring: ofQueue, body: these };
  const requeue = {
    ...{ ...common, summary: 'Puts dead marbles back: those of the serials, else all; of one queue, if it is given' },
    response: { 200: requeued, ...problems },
  };
  routes.post('/api/runs/:run/dead/requeue', { schema: requeue }, async (request) => {
    const { params, query, body } = request;
    const requeued = await many(find(params.run), 'requeue', query.queue, body?.serials);
    request.change = { what: 'requeue', run: params.run, queue: query.queue, marbles: requeued };
    return { requeued };
  });
  const remove = {
    ...{ ...common, summary: 'Deletes dead marbles: those of the serials, or all of a queue' },
    response: { 200: deleted, ...problems },
  };
  routes.post('/api/runs/:run/dead/delete', { schema: remove }, async (request) => {
    const { params, query, body } = request;
    if (!query.queue && !body?.serials)
      throw new MarbleRunError(
        'MR_BAD_OPTION',
        'queue or serials: not given; all of every queue are not deleted at once',
      );
    const deleted = await many(find(params.run), 'delete', query.queue, body?.serials);
    request.change = { what: 'delete', run: params.run, queue: query.queue, marbles: deleted };
    return { deleted };
  });
}

/** Those of the serials, else all; of one queue, if it is given. */
function many({ reports }: RunMonitor, what: Exhumation, queue?: string, serials?: string[]): Promise<number> {
  const { graveyard } = reports;
  return serials ? graveyard.exhume(what, serials, queue) : graveyard.exhumeAll(what, queue);
}

/** The data as text, or as base64 where it is bytes; cut, because it may be large. */
function shown({ serial, queue, at, reason, envelope }: DeadMarble) {
  if (!envelope) return { serial, queue, at, reason };
  const { id, attempt, sentAt, batch, origin, hops, failures = [], type, data } = envelope;
  const text = data.subarray(0, PREVIEW_BYTES).toString(type === 'j' ? 'utf8' : 'base64');
  return {
    serial,
    queue,
    at,
    reason,
    id,
    attempts: attempt,
    failures,
    sentAt,
    batch,
    origin,
    hops,
    bytes: data.length,
    type,
    data: text,
  };
}
