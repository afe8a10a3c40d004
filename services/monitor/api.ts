/**
 * The Monitor's API for people and tools: reads are open, what changes something needs a bearer token.
 */
import bearerAuth from '@fastify/bearer-auth';
import { problem, type Server } from '@marblerun/service';
import { MarbleRunError } from 'marblerun';
import type { DeadMarble, Exhumation } from 'marblerun/communicator';
import { z } from 'zod';
import type { RunMonitor } from './run-monitor.js';

const inRun = z.object({ run: z.string() });
const serial = z.string().regex(/^\d{1,16}$/, 'must be the serial of a dead marble');
const inGrave = z.object({ run: z.string(), serial });
const ofQueue = z.object({ queue: z.string().optional() });
const these = z.strictObject({ serials: z.array(serial).min(1).max(1000).optional() }).nullish();
const page = z.object({
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
const PREVIEW_BYTES = 1000;

type Find = (run: string) => RunMonitor;

export function registerApi(server: Server, monitors: readonly RunMonitor[], tokens: readonly string[]): void {
  const find: Find = (run) => {
    const monitor = monitors.find((candidate) => candidate.run === run);
    if (!monitor)
      throw new MarbleRunError(
        'MR_NOT_FOUND',
        `run: "${run}" is not watched here; allowed: ${monitors.map((m) => m.run).join(', ')}`,
      );
    return monitor;
  };
  registerReads(server, monitors, find);
  server.register(async (scope) => {
    if (tokens.length > 0) {
      const contentType = 'application/problem+json';
      await scope.register(bearerAuth, { keys: new Set(tokens), contentType, errorResponse: unauthorized });
    } else {
      scope.addHook('onRequest', async (_request, reply) =>
        problem(reply, 403, 'Forbidden', 'MARBLERUN_TOKEN is not set, so nothing can be changed here'),
      );
    }
    registerMutations(scope as unknown as Server, find);
  });
}

function registerReads(server: Server, monitors: readonly RunMonitor[], find: Find): void {
  server.get('/api/runs', () =>
    Promise.all(
      monitors.map(async ({ run, communicator, ready, detail }) => {
        const { status, graveyard } = communicator;
        const [holders, later, dead, redis] = await Promise.all([
          status.holderCount(),
          status.laterCount(),
          graveyard.count(),
          status.durability(),
        ]);
        return { run, ready, loops: detail, holders, later, dead, redis };
      }),
    ),
  );
  server.get('/api/runs/:run/queues', { schema: { params: inRun } }, ({ params }) =>
    find(params.run).communicator.show(),
  );
  server.get(
    '/api/runs/:run/holders',
    { schema: { params: inRun, querystring: page.pick({ limit: true }) } },
    ({ params, query }) => find(params.run).communicator.status.holders(query.limit),
  );
  server.get('/api/runs/:run/dead', { schema: { params: inRun, querystring: page } }, async ({ params, query }) => {
    const { graveyard } = find(params.run).communicator;
    const [total, dead] = await Promise.all([graveyard.count(), graveyard.list(query.offset, query.limit)]);
    return { total, dead: dead.map(shown) };
  });
}

function registerMutations(server: Server, find: Find): void {
  const one = async (what: Exhumation, { run, serial }: z.infer<typeof inGrave>) => {
    if ((await find(run).communicator.graveyard.exhume(what, [serial])) === 0)
      throw new MarbleRunError('MR_NOT_FOUND', `serial: ${serial} is no dead marble of this run`);
  };
  server.post('/api/runs/:run/dead/:serial/requeue', { schema: { params: inGrave } }, async ({ params }, reply) => {
    await one('requeue', params);
    return reply.code(204).send();
  });
  server.delete('/api/runs/:run/dead/:serial', { schema: { params: inGrave } }, async ({ params }, reply) => {
    await one('delete', params);
    return reply.code(204).send();
  });
  const schema = { params: inRun, querystring: ofQueue, body: these };
  server.post('/api/runs/:run/dead/requeue', { schema }, async ({ params, query, body }) => ({
    requeued: await many(find(params.run), 'requeue', query.queue, body?.serials),
  }));
  server.post('/api/runs/:run/dead/delete', { schema }, async ({ params, query, body }) => {
    if (!query.queue && !body?.serials)
      throw new MarbleRunError(
        'MR_BAD_OPTION',
        'queue or serials: not given; all of every queue are not deleted at once',
      );
    return { deleted: await many(find(params.run), 'delete', query.queue, body?.serials) };
  });
}

/** Those of the serials, else all; of one queue, if it is given. */
function many({ communicator }: RunMonitor, what: Exhumation, queue?: string, serials?: string[]): Promise<number> {
  const { graveyard } = communicator;
  return serials ? graveyard.exhume(what, serials, queue) : graveyard.exhumeAll(what, queue);
}

function unauthorized({ message }: Error) {
  return { type: 'about:blank', title: 'Unauthorized', status: 401, detail: message, error: message };
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
