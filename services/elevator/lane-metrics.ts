/**
 * Metrics that the Elevator counts while it carries. Their names are public and do not change.
 */
import { Counter, Histogram, type Registry } from 'prom-client';

export interface LaneMetrics {
  readonly marbles: Counter<'lane' | 'event'>;
  readonly batchSeconds: Histogram<'lane'>;
}

const EVENTS = ['lifted', 'landed', 'duplicate', 'gap'] as const;

/** Creates the metrics. Every lane has its series from the start: an increase from nothing to 1 would not show. */
export function createLaneMetrics(registry: Registry, lanes: readonly string[] = []): LaneMetrics {
  const marbles = new Counter({
    name: 'marblerun_lane_marbles_total',
    help: 'Marbles by what happened to their transit: lifted (handed out below), landed, duplicate (ignored above), gap (landed in doubt)',
    labelNames: ['lane', 'event'],
    registers: [registry],
  });
  const batchSeconds = new Histogram({
    name: 'marblerun_lane_batch_seconds',
    help: 'Time to carry one transit, from lift to landing',
    labelNames: ['lane'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  for (const lane of lanes) {
    batchSeconds.zero({ lane });
    for (const event of EVENTS) marbles.inc({ lane, event }, 0);
  }
  return { marbles, batchSeconds };
}
