/** Which workloads, in which order, of what size. */
import type { Results } from './results.js';
import { consume } from './workloads/consume.js';
import { latency } from './workloads/latency.js';
import { send } from './workloads/send.js';
import type { Workload } from './workloads/workload.js';

export const CONSUME_50 = 'consume, concurrency 50';

/** Loads are shares of what was measured before: `results` is read as it fills. */
export function plan(quick: boolean, results: Results): Workload[] {
  const size = (marbles: number) => (quick ? Math.ceil(marbles / 4) : marbles);
  const capacity = (contestant: string) => results.median(CONSUME_50, contestant, 'perSecond') || 10_000;
  return [
    send('send one by one, awaited', 'one by one', size(4000)),
    send('send 1,000 at a time', 'bulk', size(20_000)),
    send('send a stream', 'stream', size(20_000)),
    consume('consume, concurrency 1', { marbles: size(6000), concurrency: 1 }),
    consume(CONSUME_50, { marbles: size(20_000), concurrency: 50 }),
    consume('consume, concurrency 500', { marbles: size(20_000), concurrency: 500 }),
    consume('consume, 4 processes', { marbles: size(30_000), concurrency: 50, processes: 4 }),
    latency('latency, idle', quick ? 1 : 2, () => 0),
    latency('latency, half of its own load', quick ? 1 : 2, (contestant) => capacity(contestant) / 2),
    latency("latency, half of BullMQ's load", quick ? 1 : 2, () => capacity('BullMQ') / 2),
  ];
}
