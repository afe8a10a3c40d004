/**
 * Metrics that the Monitor counts while it brings marbles back. Their names are public and do not change.
 */
import { RECOVERED_BY } from 'marblerun/communicator';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The kinds of dates that may lie too far ahead when the clock of Redis has gone back. */
export const CLAMPED = ['leases', 'limits', 'delayed'] as const;

/** The effects of a search for large data without a marble: they have a day to live, or last again. */
export const SEARCHED = ['unneeded', 'needed'] as const;

/** The effects of tidying batches: delayed members of cancelled batches are dropped, complete batches forgotten. */
export const TIDIED = ['discarded', 'forgotten'] as const;

export interface SweepMetrics {
  readonly recoverySeconds: Histogram<'run'>;
  readonly silentHolders: Counter<'run'>;
  readonly recovered: Counter<'run' | 'by'>;
  readonly clockClamped: Counter<'run' | 'what'>;
  readonly tidied: Counter<'run' | 'what'>;
  readonly largeData: Gauge<'run'>;
  readonly largeDataSearched: Counter<'run' | 'what'>;
}

/** Creates the metrics. Every run has its series from the start: an increase from nothing to 1 would not show. */
export function createSweepMetrics(registry: Registry, runs: readonly string[]): SweepMetrics {
  const recoverySeconds = new Histogram({
    name: 'marblerun_recovery_seconds',
    help: 'Time from the end of a lease or time limit until this Monitor had its marbles back in their queue',
    labelNames: ['run'],
    buckets: [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300],
    registers: [registry],
  });
  const silentHolders = new Counter({
    name: 'marblerun_silent_holders_total',
    help: 'Holders that this Monitor gave up because their lease passed in silence',
    labelNames: ['run'],
    registers: [registry],
  });
  const recovered = createRecovered(registry, runs);
  const clockClamped = new Counter({
    name: 'marblerun_clock_clamped_total',
    help: 'Dates that lay too far ahead because the clock of Redis had gone back, and that this Monitor corrected',
    labelNames: ['run', 'what'],
    registers: [registry],
  });
  const tidied = new Counter({
    name: 'marblerun_batches_tidied_total',
    help: 'Delayed members of cancelled batches that were dropped, and complete batches that were forgotten, by this Monitor',
    labelNames: ['run', 'what'],
    registers: [registry],
  });
  for (const run of runs) {
    recoverySeconds.zero({ run });
    silentHolders.inc({ run }, 0);
    for (const what of CLAMPED) clockClamped.inc({ run, what }, 0);
    for (const what of TIDIED) tidied.inc({ run, what }, 0);
  }
  return { recoverySeconds, silentHolders, recovered, clockClamped, tidied, ...createLargeData(registry, runs) };
}

function createLargeData(
  registry: Registry,
  runs: readonly string[],
): Pick<SweepMetrics, 'largeData' | 'largeDataSearched'> {
  const registers = [registry];
  const largeData = new Gauge({
    name: 'marblerun_large_data',
    help: 'Large data that lie beside the queues of a run, as this Monitor last counted them',
    labelNames: ['run'],
    registers,
  });
  const largeDataSearched = new Counter({
    name: 'marblerun_large_data_searched_total',
    help: 'Large data that this Monitor has given a day to live because it found no marble of them, or has made last again',
    labelNames: ['run', 'what'],
    registers,
  });
  for (const run of runs) for (const what of SEARCHED) largeDataSearched.inc({ run, what }, 0);
  return { largeData, largeDataSearched };
}

function createRecovered(registry: Registry, runs: readonly string[]): Counter<'run' | 'by'> {
  const recovered = new Counter({
    name: 'marblerun_recovery_total',
    help: 'Marbles that this Monitor took back, by what told that they were to be',
    labelNames: ['run', 'by'],
    registers: [registry],
  });
  for (const run of runs) for (const by of RECOVERED_BY) recovered.inc({ run, by }, 0);
  return recovered;
}
