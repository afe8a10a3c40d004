/**
 * What is looked up for each scrape of the Elevator. Names are public and stay.
 */
import { Gauge, type Registry } from 'prom-client';
import type { Carrier } from './carrier.js';

/** Returns what reads all lanes, for one scrape. A lane whose lower run is away has no values: `marblerun_lane_up` says so. */
export function collectorOf(registry: Registry, carriers: readonly Carrier[]): () => Promise<void> {
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames: ['lane'], registers: [registry] });
  const up = gauge('marblerun_lane_up', '1 if the lower run answers');
  const depth = gauge('marblerun_lane_depth', 'Marbles that wait for the lane or are in transit');
  const lag = gauge('marblerun_lane_lag_seconds', 'How long the oldest marble has waited for the lane');
  const batch = gauge('marblerun_lane_batch_bytes', 'Bytes at which a batch is full now: fewer over a slow link');
  const observe = async (carrier: Carrier) => {
    const labels = { lane: carrier.lane.name };
    batch.set(labels, carrier.batchBytes);
    try {
      const found = await carrier.status();
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
