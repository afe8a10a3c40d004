/**
 * The part of the Monitor's API that shows runs, outboxes, holders and the dead.
 */
import { mayNeedToken, problems, type Routes } from '@marblerun/service';
import type { DeadLetter, LargeDataReader } from 'marblerun/communicator';
import { z } from 'zod';
import { deadPage, holders, outboxes, runs } from './api-schemas.js';
import { longestWaiting } from './reading.js';
import type { RunMonitor } from './run-monitor.js';

export type Find = (run: string) => RunMonitor;

export const inRun = z.object({ run: z.string() });
const digits = z.string().regex(/^\d{1,15}$/, 'must be a whole number');
/** The number of entries to show. */
export const limit = digits.transform(Number).pipe(z.int().min(1).max(1000)).default(100);
const limited = z.object({ limit });
export const offset = digits.transform(Number).default(0);
const page = z.object({ offset, limit });
const PREVIEW_BYTES = 1000;

/** Returns the schema of a route that shows something of a run. */
export const view = <T extends z.ZodType>(summary: string, answer: T) => ({
  ...{ security: mayNeedToken, summary, params: inRun },
  response: { 200: answer, ...problems },
});

export function registerRuns(routes: Routes, monitors: readonly RunMonitor[]): void {
  const schema = { summary: 'Every run', security: mayNeedToken, response: { 200: runs, ...problems } };
  routes.get('/api/runs', { schema }, () => Promise.all(monitors.map(summary)));
}

async function summary({ run, reports, reading, hungWatch, ready, detail }: RunMonitor) {
  const { status, deadLetters } = reports;
  const [monitors, holders, later, dead, redis, read] = await Promise.all([
    reports.watchers.list(),
    status.holderCount(),
    status.laterCount(),
    deadLetters.count(),
    status.durability(),
    reading.get(),
  ]);
  const { queues, depth, held } = read?.sums ?? {};
  const hung = hungWatch.hung?.length;
  return { run, ready, loops: detail, monitors, holders, hung, later, dead, queues, depth, held, redis };
}

export function registerViews(routes: Routes, find: Find): void {
  const ofOutboxes = {
    ...view('Marbles that wait for an Elevator, by queue; the longest waiting first', outboxes),
    querystring: limited,
  };
  routes.get('/api/runs/:run/outboxes', { schema: ofOutboxes }, async ({ params, query }) => [
    ...(await longestWaiting(find(params.run).reports, query.limit)),
  ]);
  const ofHolders = {
    ...view('Holders: first those that hang, then the longest silent', holders),
    querystring: limited,
  };
  routes.get('/api/runs/:run/holders', { schema: ofHolders }, ({ params, query }) =>
    holdersOf(find(params.run), query.limit),
  );
  const ofDead = { ...view('Dead letters, the latest first', deadPage), querystring: page };
  routes.get('/api/runs/:run/dead', { schema: ofDead }, async ({ params, query }) => {
    const { deadLetters, largeData } = find(params.run).reports;
    const [total, dead] = await Promise.all([deadLetters.count(), deadLetters.list(query.offset, query.limit)]);
    return { total, dead: await Promise.all(dead.map((letter) => shown(letter, largeData))) };
  });
}

/** A holder that hangs beats, so it is not among those that are silent. */
async function holdersOf({ reports: { status }, hungWatch }: RunMonitor, most: number) {
  const hung = new Map((hungWatch.hung ?? []).slice(0, most).map(({ holder, hungMs }) => [holder, hungMs]));
  const [hanging, others] = await Promise.all([status.these([...hung.keys()]), status.holders(most)]);
  const all = [...hanging, ...others.filter(({ holder }) => !hung.has(holder))].slice(0, most);
  return all.map((one) => ({ ...one, hungMs: hung.get(one.holder) }));
}

/** Shows the data as text, or as base64 where it is bytes. It is cut, since it may be large. */
async function shown({ serial, queue, at, reason, envelope }: DeadLetter, largeData: LargeDataReader) {
  if (!envelope) return { serial, queue, at, reason };
  const { id, attempt, sentAt, batch, origin, hops, failures = [], type, large } = envelope;
  const data = large ? ((await largeData.beginning(large, PREVIEW_BYTES)) ?? Buffer.alloc(0)) : envelope.data;
  const text = data.subarray(0, PREVIEW_BYTES).toString(type === 'j' ? 'utf8' : 'base64');
  return {
    ...{ serial, queue, at, reason, id, attempts: attempt, failures, sentAt, batch, origin, hops },
    ...{ bytes: large?.bytes ?? data.length, type, data: text },
  };
}
