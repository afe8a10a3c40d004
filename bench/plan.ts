/** The workloads, their order and their size. */
import type { Results } from './results.js';
import { backlog } from './workloads/backlog.js';
import { consume, flow } from './workloads/consume.js';
import { elevate } from './workloads/elevate.js';
import { heartbeat } from './workloads/heartbeat.js';
import { idle } from './workloads/idle.js';
import { latency } from './workloads/latency.js';
import { behind } from './workloads/behind.js';
import { amongHolders, amongQueues } from './workloads/scaling.js';
import { send } from './workloads/send.js';
import { sweep } from './workloads/sweep.js';
import type { Workload } from './workloads/workload.js';

export const CONSUME_50 = 'consume, concurrency 50';
export const ELEVATE_NEAR = 'elevate, no round trip';
export const ELEVATE_FAR = 'elevate, 50 ms of round trip';
export const IDLE = 10_000;
export const ROUTE_ALONE = 'route three, one at a time';
export const ROUTE_MANY = 'route three, concurrency 50';
export const FLOW = 'sent and handled at once';
export const HEARTBEAT = 'heartbeats, four processes at full load';
export const IN_BATCHES = 'consume, concurrency 50, members of batches';
export const BEHIND_WAITING = '100 fast ones behind one that waits for 3 s';
export const BEHIND_COMPUTING = '100 fast ones behind one that computes for 3 s';
const count = (n: number) => n.toLocaleString('en-US');
/** Sizes that grow, for the curves of the report. */
const GROWING = { quick: [1, 100, 1000], whole: [1, 10, 100, 1000, IDLE] } as const;

/** Loads are shares of what was measured before: `results` is read as it fills. */
export function plan(quick: boolean, results: Results): Workload[] {
  const size = (marbles: number) => (quick ? Math.ceil(marbles / 4) : marbles);
  const capacity = (contestant: string) => results.median(FLOW, contestant, 'perSecond') || 10_000;
  const forms = ['MarbleRun', 'MarbleRun, routing three', 'floor', 'floor, routing three'];
  const alone = ['MarbleRun, loop', 'MarbleRun, loop, routing three'];
  const loops = ['MarbleRun, loop', 'MarbleRun, loop, unmonitored', 'BullMQ'];
  const growing = quick ? GROWING.quick : GROWING.whole;
  const seconds = quick ? 12 : 30;
  const members = ['MarbleRun', 'MarbleRun, in a batch', 'MarbleRun, in ten batches'];
  const pair = ['MarbleRun', 'BullMQ', 'floor'];
  return [
    send('send one by one, awaited', 'one by one', size(4000)),
    send('send 1,000 at a time', 'bulk', size(20_000)),
    consume('consume, concurrency 1', { marbles: size(6000), concurrency: 1 }),
    consume(CONSUME_50, { marbles: size(20_000), concurrency: 50 }),
    consume(IN_BATCHES, { marbles: size(20_000), concurrency: 50, contestants: members }),
    consume('consume, concurrency 500', { marbles: size(20_000), concurrency: 500, contestants: pair }),
    consume('consume, 4 processes', { marbles: size(30_000), concurrency: 50, processes: 4 }),
    consume('consume, one at a time', { marbles: size(2000), concurrency: 1, contestants: loops }),
    consume(ROUTE_ALONE, { marbles: size(1000), concurrency: 1, contestants: alone }),
    consume(ROUTE_MANY, { marbles: size(10_000), concurrency: 50, contestants: forms }),
    consume('consume, 10 kB', { marbles: size(4000), concurrency: 50, bytes: 10_000, contestants: pair }),
    consume('consume, 500 kB', { marbles: size(100), concurrency: 50, bytes: 500_000, contestants: pair }),
    flow(FLOW, size(40_000)),
    latency('latency, idle', quick ? 1 : 3, () => 0),
    latency('latency, half of its own load', quick ? 1 : 3, (contestant) => capacity(contestant) / 2),
    latency("latency, half of BullMQ's load", quick ? 1 : 3, () => capacity('BullMQ') / 2),
    behind(BEHIND_WAITING, { ms: 3000, blocks: false }),
    behind(BEHIND_COMPUTING, { ms: 3000, blocks: true }),
    heartbeat(HEARTBEAT, quick ? 200_000 : 600_000),
    elevate(ELEVATE_NEAR, size(200_000), 0),
    elevate(ELEVATE_FAR, size(200_000), 50),
    ...(quick ? [1e3, 1e5] : [1e3, 1e4, 1e5, 1e6, 1e7]).map((n) => backlog(`${count(n)} marbles wait`, n)),
    ...growing.map((n) => amongQueues(`${count(n)} other queues`, n)),
    ...growing.map((n) => amongHolders(`${count(n)} other holders`, n)),
    ...(quick ? [1e4, 1e5] : [1e4, 1e5, 1e6]).map((n) => sweep(`${count(n)} held marbles`, n)),
    ...growing.map((n) => idle(`${count(n)} idle holders`, n, 'thread', seconds)),
    idle('1,000 idle holders, each with a heartbeat of its own', 1000, 'loop', seconds),
  ];
}
