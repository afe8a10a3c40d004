/**
 * The Elevator's metrics, made for a registry. Names are public and stay.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Carrier } from './carrier.js';

export interface LaneMetrics {
  readonly marbles: Counter<'lane' | 'event'>;
  readonly batchSeconds: Histogram<'lane'>;
}

export function createLaneMetrics(registry: Registry): LaneMetrics {
  return {
    marbles: new Counter({
      name: 'marblerun_lane_marbles_total',
      help: 'Marbles by what became of their batch: lifted (handed out below), landed, duplicate (ignored above), gap (landed in doubt)',
      labelNames: ['lane', 'event'],
      registers: [registry],
    }),
    batchSeconds: new Histogram({
      name: 'marblerun_lane_batch_seconds',
      help: 'Time to carry one batch, from lifted to landed',
      labelNames: ['lane'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers: [registry],
    }),
  };
}

/** Depth and lag are read at each scrape. A lane whose lower run is away has no values: `marblerun_lane_up` says so. */
export function collectLanes(registry: Registry, carriers: readonly Carrier[]): void {
  const labelNames = ['lane'] as const;
  const registers = [registry];
  const depth = new Gauge({
    name: 'marblerun_lane_depth',
    help: 'Marbles that wait for the lane or are in transit',
    labelNames,
    registers,
  });
  const lag = new Gauge({
    name: 'marblerun_lane_lag_seconds',
    help: 'How long the oldest marble has waited for the lane',
    labelNames,
    registers,
  });
  new Gauge({
    name: 'marblerun_lane_up',
    help: '1 if the lower run answers',
    labelNames,
    registers,
    async collect() {
      await Promise.all(
        carriers.map(async ({ lane, status }) => {
          const labels = { lane: lane.name };
          try {
            const found = await status();
            depth.set(labels, found.depth);
            lag.set(labels, found.lagMs / 1000);
            this.set(labels, 1);
          } catch {
            depth.remove(labels);
            lag.remove(labels);
            this.set(labels, 0);
          }
        }),
      );
    },
  });
}
