/**
 * Metrics that are looked up for each scrape of the Elevator. Their names are public and do not change.
 */
import { Latest, answers } from '@marblerun/service';
import { Gauge, type Registry } from 'prom-client';
import type { Carrier } from './carrier.js';

/**
 * Returns a function that reads all lanes for one scrape. A lane whose lower run does not answer in time has no values;
 * `marblerun_lane_up` says so.
 */
export function collectorOf(registry: Registry, carriers: readonly Carrier[]): () => Promise<void> {
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames: ['lane'], registers: [registry] });
  const up = gauge('marblerun_lane_up', '1 if the lower run answers');
  const depth = gauge('marblerun_lane_depth', 'Marbles that wait for the lane or are in transit');
  const lag = gauge('marblerun_lane_lag_seconds', 'How long the oldest marble has waited for the lane');
  const transit = gauge('marblerun_lane_batch_bytes', 'Bytes at which a transit is full now: fewer over a slow link');
  const waiting = new Gauge({
    name: 'marblerun_lane_queue_oldest_seconds',
    help: 'How long the next marble of a queue has waited for a lane that carries it; only the longest ones',
    labelNames: ['run', 'queue'],
    registers: [registry],
  });
  const lanes = carriers.map((carrier) => ({ carrier, latest: new Latest(carrier.status) }));
  return async () => {
    const found = await Promise.all(
      lanes.map(async ({ carrier, latest }) => {
        const [isUp, status] = await Promise.all([answers(carrier.reach), latest.get()]);
        return { carrier, status: isUp ? status : undefined, isUp };
      }),
    );
    for (const gauge of [up, depth, lag, transit, waiting]) gauge.reset();
    for (const { carrier, status, isUp } of found) {
      const labels = { lane: carrier.lane.name };
      transit.set(labels, carrier.batchBytes);
      up.set(labels, isUp ? 1 : 0);
      if (!status) continue;
      depth.set(labels, status.depth);
      lag.set(labels, status.lagMs / 1000);
      for (const { queue, oldestMs } of status.longest)
        waiting.set({ run: carrier.lane.from.run, queue }, oldestMs / 1000);
    }
  };
}
