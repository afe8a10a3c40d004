/**
 * The metrics of the Monitor that are looked up for each scrape. Their names are public and do not change.
 */
import { Counter, Gauge, type Registry } from 'prom-client';

export type Instruments = ReturnType<typeof createInstruments>;

export function createInstruments(registry: Registry) {
  const registers = [registry];
  const gauge = gaugesOf(registry);
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
    ...createSums(registry),
    ...createBatchGauges(registry),
    holders: gauge('marblerun_holders', 'Waiting or working clients', 'run'),
    later: gauge('marblerun_later', 'Delayed marbles', 'run'),
    dead: gauge('marblerun_dead', 'Dead letters that wait for a person', 'run'),
    age: gauge(
      'marblerun_heartbeat_age_seconds',
      'How long ago a holder was last heard; only the longest silent ones',
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

/** Creates sums over all queues, whether or not a queue has metrics of its own. */
function createSums(registry: Registry) {
  const registers = [registry];
  const gauge = gaugesOf(registry);
  return {
    queues: gauge('marblerun_queues', 'Queues of a run', 'run'),
    leftOut: gauge(
      'marblerun_queues_left_out',
      'Queues without metrics of their own, because there are too many',
      'run',
    ),
    runDepth: gauge('marblerun_run_depth', 'Marbles that wait in all queues of a run', 'run'),
    runHeld: gauge('marblerun_run_held', 'Marbles in hand of all queues of a run', 'run'),
    runMarbles: new Counter({
      name: 'marblerun_run_marbles_total',
      help: 'Marbles of all queues of a run by event',
      labelNames: ['run', 'event'],
      registers,
    }),
  };
}

/**
 * Creates gauges of a run's open batches, and of some batches one by one. A batch inside a batch does not count as a
 * member here.
 */
function createBatchGauges(registry: Registry) {
  const gauge = gaugesOf(registry);
  return {
    batchesOpen: gauge('marblerun_batches_open', 'Batches that are not complete', 'run'),
    batchesOldest: gauge('marblerun_batches_oldest_seconds', 'How long ago the oldest open batch was opened', 'run'),
    batchesMembers: gauge('marblerun_batches_left', 'Marbles that are left in all open batches of a run', 'run'),
    batchesDead: gauge('marblerun_batches_dead', 'Dead letters of all open batches of a run', 'run'),
    batchesCancelled: gauge('marblerun_batches_cancelled', 'Open batches that are cancelled', 'run'),
    batchesComplete: gauge('marblerun_batches_complete', 'Complete batches that are not forgotten yet', 'run'),
    batchesLeftOut: gauge(
      'marblerun_batches_left_out',
      'Open batches without metrics of their own, because there are too many',
      'run',
    ),
    batchLeft: gauge('marblerun_batch_left', 'Marbles of an open batch that are left', 'run', 'batch'),
    batchDead: gauge('marblerun_batch_dead', 'Dead letters of an open batch', 'run', 'batch'),
    batchSent: gauge('marblerun_batch_sent', 'Marbles that were ever sent to an open batch', 'run', 'batch'),
  };
}

function gaugesOf(registry: Registry) {
  return <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
}
