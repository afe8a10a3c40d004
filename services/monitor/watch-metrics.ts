/**
 * Metrics of the Monitor's watch over Redis. Their names are public and do not change. An unknown figure has no value.
 */
import { Gauge, type Registry } from 'prom-client';
import type { RunMonitor } from './run-monitor.js';

/** Returns a function that sets the values for one scrape. */
export function createWatchMetrics(registry: Registry): (monitors: readonly RunMonitor[]) => void {
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['run'] as const, registers: [registry] });
  const processes = new Gauge({
    name: 'marblerun_processes',
    help: 'Working processes, by what tells that one is dead: its connection, or its lease alone',
    labelNames: ['run', 'missed_by'],
    registers: [registry],
  });
  const mayEvict = gauge('marblerun_redis_may_evict', '1 if the Redis of the run throws marbles away when it is full');
  const unaccounted = gauge(
    'marblerun_marbles_unaccounted',
    'Marbles that should be there by their counts and were missing at two audits',
  );
  const missing = gauge(
    'marblerun_batches_missing',
    'Members of open batches that are left by their counts and were not found at two audits',
  );
  const hung = gauge('marblerun_hung', 'Workers whose event loop is blocked beyond the time limit of a marble');
  return (monitors) => {
    hung.reset();
    mayEvict.reset();
    unaccounted.reset();
    missing.reset();
    processes.reset();
    for (const { run, watch, batchWatch, connections, hungWatch } of monitors) {
      if (watch.policy !== undefined) mayEvict.set({ run }, watch.policy === '' ? 0 : 1);
      if (watch.unaccounted !== undefined) unaccounted.set({ run }, watch.unaccounted);
      const { watched, unwatched } = connections;
      if (watched !== undefined) processes.set({ run, missed_by: 'connection' }, watched);
      if (unwatched !== undefined) processes.set({ run, missed_by: 'lease' }, unwatched);
      if (hungWatch.hung !== undefined) hung.set({ run }, hungWatch.hung.length);
      if (batchWatch.missing !== undefined) missing.set({ run }, batchWatch.missing);
    }
  };
}
