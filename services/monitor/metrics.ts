/**
 * What is looked up for each scrape of the Monitor. Names are public and stay.
 *
 * What is in Redis is read once per scrape. A run that does not answer has no values then, and
 * `marblerun_up` says so.
 */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { QueueStatus } from 'marblerun/communicator';
import type { RunMonitor } from './run-monitor.js';
import { createWatchMetrics } from './watch-metrics.js';

/** The public events of marblerun_marbles_total, of those that are counted. */
const PUBLIC_EVENTS = ['sent', 'finished', 'failed', 'dropped', 'returned', 'dead', 'elevated'] as const;

type Instruments = ReturnType<typeof createInstruments>;

function createInstruments(registry: Registry) {
  const registers = [registry];
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Gauge({ name, help, labelNames, registers });
  return {
    up: gauge('marblerun_up', '1 if the Redis of the run answers', 'run'),
    depth: gauge('marblerun_queue_depth', 'Marbles that wait in a queue', 'run', 'queue'),
    oldest: gauge('marblerun_queue_oldest_seconds', 'How long the next marble of a queue has waited', 'run', 'queue'),
    outboxOldest: gauge(
      'marblerun_outbox_oldest_seconds',
      'How long the next marble of an outbox has waited for an Elevator',
      'run',
      'queue',
    ),
    held: gauge('marblerun_held', 'Marbles in hand', 'run', 'queue'),
    sweepAge: gauge('marblerun_sweep_age_seconds', 'How long ago this Monitor last looked for dropped marbles', 'run'),
    usedBytes: gauge('marblerun_redis_used_bytes', 'Memory that the Redis of the run uses', 'run'),
    maxBytes: gauge('marblerun_redis_max_bytes', 'Memory that the Redis of the run may use; 0: no limit', 'run'),
    holders: gauge('marblerun_holders', 'Waiting or working clients', 'run'),
    later: gauge('marblerun_later', 'Delayed marbles', 'run'),
    dead: gauge('marblerun_dead', 'Dead marbles that wait for a person', 'run'),
    age: gauge(
      'marblerun_heartbeat_age_seconds',
      'How long ago a holder was heard of; the longest unheard only',
      'run',
      'holder',
    ),
    marbles: new Counter({
      name: 'marblerun_marbles_total',
      help: 'Marbles by event',
      labelNames: ['run', 'queue', 'event'],
      registers,
    }),
  };
}

/** Returns what reads all runs, for one scrape. */
export function collectorOf(
  registry: Registry,
  monitors: readonly RunMonitor[],
  metricHolders: number,
): () => Promise<void> {
  const instruments = createInstruments(registry);
  const showWatch = createWatchMetrics(registry);
  return async () => {
    showWatch(monitors);
    for (const instrument of Object.values(instruments)) instrument.reset();
    await Promise.all(
      monitors.map(async (monitor) => {
        const answered = await observeRun(instruments, monitor, metricHolders).then(
          () => 1,
          () => 0,
        );
        instruments.up.set({ run: monitor.run }, answered);
        instruments.sweepAge.set({ run: monitor.run }, monitor.sweepAgeMs / 1000);
      }),
    );
  };
}

async function observeRun(
  instruments: Instruments,
  { run, communicator }: RunMonitor,
  metricHolders: number,
): Promise<void> {
  const { status, graveyard } = communicator;
  const [queues, outboxes, holders, holderCount, later, dead, memory] = await Promise.all([
    status.queues(),
    status.outboxes(),
    metricHolders > 0 ? status.holders(metricHolders) : [],
    status.holderCount(),
    status.laterCount(),
    graveyard.count(),
    status.memory(),
  ]);
  for (const queue of queues) observeQueue(instruments, run, queue);
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

function observeQueue({ depth, oldest, held, marbles }: Instruments, run: string, status: QueueStatus): void {
  const labels = { run, queue: status.queue };
  depth.set(labels, status.depth);
  oldest.set(labels, status.oldestMs / 1000);
  held.set(labels, status.held);
  for (const event of PUBLIC_EVENTS) marbles.inc({ ...labels, event }, status.counts[event]);
}
