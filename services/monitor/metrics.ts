/**
 * What the Monitor looks up for each scrape.
 *
 * What is in Redis is read once per scrape. A run that does not answer in time has no values then, and
 * `marblerun_up` says so. Of very many queues some have values of their own; the sums are of all.
 */
import { Latest, answers } from '@marblerun/service';
import type { Registry } from 'prom-client';
import type { QueueStatus } from 'marblerun/communicator';
import { createInstruments, type Instruments } from './instruments.js';
import { mostTelling } from './most-telling.js';
import type { RunMonitor } from './run-monitor.js';
import { createWatchMetrics } from './watch-metrics.js';

/** The public events of marblerun_marbles_total, of those that are counted. */
const PUBLIC_EVENTS = ['sent', 'finished', 'failed', 'dropped', 'returned', 'dead', 'elevated'] as const;

/** At the most so many have metrics of their own. */
export interface MetricLimits {
  readonly metricHolders: number;
  readonly metricQueues: number;
}

type Reading = Awaited<ReturnType<typeof readRun>>;

/** Returns what reads all runs, for one scrape. */
export function collectorOf(
  registry: Registry,
  monitors: readonly RunMonitor[],
  limits: MetricLimits,
): () => Promise<void> {
  const instruments = createInstruments(registry);
  const showWatch = createWatchMetrics(registry);
  const runs = monitors.map((monitor) => ({ monitor, latest: new Latest(() => readRun(monitor, limits)) }));
  return async () => {
    const found = await Promise.all(
      runs.map(async ({ monitor, latest }) => {
        const [isUp, reading] = await Promise.all([answers(() => monitor.reports.connect()), latest.get()]);
        return { monitor, isUp, reading };
      }),
    );
    for (const instrument of Object.values(instruments)) instrument.reset();
    showWatch(monitors);
    for (const { monitor, isUp, reading } of found) {
      const { run } = monitor;
      instruments.up.set({ run }, isUp ? 1 : 0);
      instruments.sweepAge.set({ run }, monitor.sweepAgeMs / 1000);
      if (isUp && reading) showRun(instruments, run, reading, limits);
    }
  };
}

async function readRun({ reports }: RunMonitor, { metricHolders }: MetricLimits) {
  const { status, graveyard } = reports;
  const [queues, outboxes, holders, holderCount, later, dead, memory] = await Promise.all([
    status.queues(),
    status.outboxes(),
    metricHolders > 0 ? status.holders(metricHolders) : [],
    status.holderCount(),
    status.laterCount(),
    graveyard.count(),
    status.memory(),
  ]);
  return { queues, outboxes, holders, holderCount, later, dead, memory };
}

function showRun(instruments: Instruments, run: string, reading: Reading, { metricQueues }: MetricLimits): void {
  const { queues, outboxes, holders, holderCount, later, dead, memory } = reading;
  showSums(instruments, run, queues);
  const shown = mostTelling(queues, metricQueues);
  instruments.leftOut.set({ run }, queues.length - shown.length);
  for (const queue of shown) showQueue(instruments, run, queue);
  const waiting = [...outboxes].sort((a, b) => b.oldestMs - a.oldestMs).slice(0, metricQueues);
  for (const { queue, oldestMs } of waiting) instruments.outboxOldest.set({ run, queue }, oldestMs / 1000);
  instruments.holders.set({ run }, holderCount);
  instruments.later.set({ run }, later);
  instruments.dead.set({ run }, dead);
  if (memory) {
    instruments.usedBytes.set({ run }, memory.usedBytes);
    instruments.maxBytes.set({ run }, memory.maxBytes);
  }
  for (const { holder, unheardMs } of holders) instruments.age.set({ run, holder }, unheardMs / 1000);
}

function showSums(
  { queues, runDepth, runHeld, runMarbles }: Instruments,
  run: string,
  all: readonly QueueStatus[],
): void {
  const sum = (of: (queue: QueueStatus) => number) => all.reduce((total, queue) => total + of(queue), 0);
  queues.set({ run }, all.length);
  runDepth.set(
    { run },
    sum(({ depth }) => depth),
  );
  runHeld.set(
    { run },
    sum(({ held }) => held),
  );
  for (const event of PUBLIC_EVENTS)
    runMarbles.inc(
      { run, event },
      sum(({ counts }) => counts[event]),
    );
}

function showQueue({ depth, oldest, held, marbles }: Instruments, run: string, status: QueueStatus): void {
  const labels = { run, queue: status.queue };
  depth.set(labels, status.depth);
  oldest.set(labels, status.oldestMs / 1000);
  held.set(labels, status.held);
  for (const event of PUBLIC_EVENTS) marbles.inc({ ...labels, event }, status.counts[event]);
}
