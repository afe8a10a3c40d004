/**
 * What the Monitor measures while it brings back. Names are public and stay.
 */
import { Histogram, type Registry } from 'prom-client';

export interface SweepMetrics {
  readonly recoverySeconds: Histogram<'run'>;
}

/** Every run has its series from the start: an increase from nothing to 1 would not show. */
export function createSweepMetrics(registry: Registry, runs: readonly string[]): SweepMetrics {
  const recoverySeconds = new Histogram({
    name: 'marblerun_recovery_seconds',
    help: 'From the end of a lease or time limit until its marbles were back in their queue, as this Monitor did it',
    labelNames: ['run'],
    buckets: [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300],
    registers: [registry],
  });
  for (const run of runs) recoverySeconds.zero({ run });
  return { recoverySeconds };
}
