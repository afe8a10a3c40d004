/**
 * Looks up the Monitor's values for each scrape.
 *
 * Redis is read at most once per scrape. A run that does not answer in time has no values, and `marblerun_up` says so.
 * Where there are very many queues, some have values of their own; the sums are of all.
 */
import { answers } from '@marblerun/service';
import type { Registry } from 'prom-client';
import type { QueueStatus } from 'marblerun/communicator';
import { createScaleGauges } from './docker/upkeep-metrics.js';
import type { Docker } from './docker/docker.js';
import { createInstruments, type Instruments } from './instruments.js';
import type { MetricLimits, QueueSums, Reading } from './reading.js';
import type { RunMonitor } from './run-monitor.js';
import { createWatchMetrics } from './watch-metrics.js';

/** The events of marblerun_marbles_total that are public, out of all that are counted. */
const PUBLIC_EVENTS = ['sent', 'finished', 'failed', 'dropped', 'returned', 'dead', 'elevated'] as const;

/** The parts of a Monitor whose values are shown. */
interface Watched {
  readonly monitors: readonly RunMonitor[];
  readonly docker: Docker | undefined;
}

/** Returns a function that reads all runs for one scrape. */
export function collectorOf(
  registry: Registry,
  { monitors, docker }: Watched,
  limits: MetricLimits,
): () => Promise<void> {
  const instruments = createInstruments(registry);
  const showWatch = createWatchMetrics(registry);
  const showScale = createScaleGauges(registry);
  return async () => {
    const found = await Promise.all(
      monitors.map(async (monitor) => {
        const [isUp, reading] = await Promise.all([answers(() => monitor.reports.connect()), monitor.reading.get()]);
        return { monitor, isUp, reading };
      }),
    );
    for (const instrument of Object.values(instruments)) instrument.reset();
    showWatch(monitors);
    showScale(monitors.map(({ run, upkeep }) => ({ run, services: upkeep?.services ?? [] })));
    docker?.show();
    for (const { monitor, isUp, reading } of found) {
      const { run } = monitor;
      instruments.up.set({ run }, isUp ? 1 : 0);
      instruments.sweepAge.set({ run }, monitor.sweepAgeMs / 1000);
      if (isUp && reading) showRun(instruments, run, reading, limits);
    }
  };
}

function showRun(instruments: Instruments, run: string, reading: Reading, { metricQueues }: MetricLimits): void {
  showBatches(instruments, run, reading);
  const { sums, telling, outboxes, holders, holderCount, later, dead, memory } = reading;
  showSums(instruments, run, sums);
  const shown = telling.slice(0, metricQueues);
  instruments.leftOut.set({ run }, sums.queues - shown.length);
  for (const queue of shown) showQueue(instruments, run, queue);
  for (const { queue, oldestMs } of outboxes) instruments.outboxOldest.set({ run, queue }, oldestMs / 1000);
  instruments.holders.set({ run }, holderCount);
  instruments.later.set({ run }, later);
  instruments.dead.set({ run }, dead);
  if (memory) {
    instruments.usedBytes.set({ run }, memory.usedBytes);
    instruments.maxBytes.set({ run }, memory.maxBytes);
  }
  for (const { holder, unheardMs } of holders) instruments.age.set({ run, holder }, unheardMs / 1000);
}

function showSums({ queues, runDepth, runHeld, runMarbles }: Instruments, run: string, sums: QueueSums): void {
  queues.set({ run }, sums.queues);
  runDepth.set({ run }, sums.depth);
  runHeld.set({ run }, sums.held);
  for (const event of PUBLIC_EVENTS) runMarbles.inc({ run, event }, sums.counts[event]);
}

function showBatches(instruments: Instruments, run: string, { batches, tellingBatches }: Reading): void {
  const { open, oldestMs, left, dead, cancelled, complete } = batches;
  instruments.batchesOpen.set({ run }, open);
  instruments.batchesOldest.set({ run }, oldestMs / 1000);
  instruments.batchesMembers.set({ run }, left);
  instruments.batchesDead.set({ run }, dead);
  instruments.batchesCancelled.set({ run }, cancelled);
  instruments.batchesComplete.set({ run }, complete);
  instruments.batchesLeftOut.set({ run }, open - tellingBatches.length);
  for (const batch of tellingBatches) {
    const labels = { run, batch: batch.name };
    instruments.batchLeft.set(labels, batch.left);
    instruments.batchDead.set(labels, batch.dead);
    instruments.batchSent.set(labels, batch.sent);
  }
}

function showQueue({ depth, oldest, held, marbles }: Instruments, run: string, status: QueueStatus): void {
  const labels = { run, queue: status.queue };
  depth.set(labels, status.depth);
  oldest.set(labels, status.oldestMs / 1000);
  held.set(labels, status.held);
  for (const event of PUBLIC_EVENTS) marbles.inc({ ...labels, event }, status.counts[event]);
}
