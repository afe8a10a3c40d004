/**
 * The Elevator's metrics, made for a registry. Names are public and stay.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Carrier } from './carrier.js';

export interface LaneMetrics {
  readonly marbles: Counter<'lane' | 'event'>;
  readonly batchSeconds: Histogram<'lane'>;
}

const EVENTS = ['lifted', 'landed', 'duplicate', 'gap'] as const;

/** Every lane has its series from the start: an increase from nothing to 1 would not show. */
export function createLaneMetrics(registry: Registry, lanes: readonly string[] = []): LaneMetrics {
  const marbles = new Counter({
    name: 'marblerun_lane_marbles_total',
    help: 'Marbles by what became of their batch: lifted (handed out below), landed, duplicate (ignored above), gap (landed in doubt)',
    labelNames: ['lane', 'event'],
    registers: [registry],
  });
  const batchSeconds = new Histogram({
    name: 'marblerun_lane_batch_seconds',
    help: 'Time to carry one batch, from lifted to landed',
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

/** Returns what reads all lanes, for one scrape. A lane whose lower run is away has no values: `marblerun_lane_up` says so. */
export function collectorOf(registry: Registry, carriers: readonly Carrier[]): () => Promise<void> {
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames: ['lane'], registers: [registry] });
  const up = gauge('marblerun_lane_up', '1 if the lower run answers');
  const depth = gauge('marblerun_lane_depth', 'Marbles that wait for the lane or are in transit');
  const lag = gauge('marblerun_lane_lag_seconds', 'How long the oldest marble has waited for the lane');
  const observe = async ({ lane, status }: Carrier) => {
    const labels = { lane: lane.name };
    try {
      const found = await status();
      depth.set(labels, found.depth);
      lag.set(labels, found.lagMs / 1000);
      up.set(labels, 1);
    } catch {
      depth.remove(labels);
      lag.remove(labels);
      up.set(labels, 0);
    }
  };
  return async () => {
    await Promise.all(carriers.map(observe));
  };
}
