/** The workloads, their order and their size. */
import * as names from './names.js';
import {
  BROKERS,
  LARGE,
  LOOP_OTHERS,
  LOOP_PEERS,
  OTHER_STORES,
  OURS,
  PEERS,
  PLACES,
  SAFETIES,
  queueRow,
} from './names.js';
import type { Results } from './results.js';
import { links, scaleOut } from './scaling-rows.js';
import { backlog } from './workloads/backlog.js';
import { behind } from './workloads/behind.js';
import { consume } from './workloads/consume.js';
import { elevate } from './workloads/elevate.js';
import { flow } from './workloads/flow.js';
import { heartbeat } from './workloads/heartbeat.js';
import { idle } from './workloads/idle.js';
import { latency } from './workloads/latency.js';
import { loop } from './workloads/loop.js';
import { idleQueues, queueLatency } from './workloads/many-queues.js';
import { monitor } from './workloads/monitor.js';
import { amongHolders, amongQueues, withHolders, withQueues } from './workloads/scaling.js';
import { send } from './workloads/send.js';
import { sweep } from './workloads/sweep.js';
import type { Workload } from './workloads/workload.js';

const QUEUES_AND_FLOOR = [OURS, ...PEERS, 'floor'];
const EVERYBODY = [...QUEUES_AND_FLOOR, ...OTHER_STORES, ...BROKERS];
const BULK = [...QUEUES_AND_FLOOR, 'floor, batches of 500'];
const PAIR = [OURS, 'BullMQ', 'floor'];
const count = (n: number) => n.toLocaleString('en-US');
/** Sizes that grow, for the curves of the report. */
const GROWING = { quick: [1, 100, 1000], whole: [1, 10, 100, 1000, names.IDLE] } as const;

/**
 * After so long V8 has compiled what a sender does, and looks after memory as it will from then on. In its first third of a
 * second a fast one has four fifths of its later rate.
 */
const WARM_UP_MS = 1500;
/** The same for a loop, whose heartbeat's thread begins after a second. */
const WARM_UP_LOOP = 16_000;

/** Makes a number smaller where the bench is to be quick. */
export type Quick = (number: number) => number;

/** Loads are shares of what was measured before: `results` is read as it fills. */
export function plan(quick: boolean, results: Results): Workload[] {
  const size = (marbles: number) => (quick ? Math.ceil(marbles / 4) : marbles);
  return [
    ...sends(size),
    ...loops(size),
    ...consumers(size),
    ...forms(size),
    ...large(size),
    ...latencies(quick, size, results),
    ...scaleOut(size),
    ...links(size),
    ...manyQueues(),
    ...safety(size),
    behind(names.BEHIND_WAITING, { ms: 3000, blocks: false }),
    behind(names.BEHIND_COMPUTING, { ms: 3000, blocks: true }),
    heartbeat(names.HEARTBEAT, quick ? 200_000 : 600_000),
    elevate(names.ELEVATE_NEAR, size(200_000), 0),
    elevate(names.ELEVATE_FAR, size(200_000), names.ELEVATE_FAR_MS),
    ...monitors(quick),
    ...curves(quick),
  ];
}

function sends(size: Quick): Workload[] {
  const everybody = ['MarbleRun, busyPoll', ...EVERYBODY];
  const warm = { warmUpMs: size(WARM_UP_MS) };
  const oneByOne = { contestants: [...everybody, 'floor, the script of a send'], mostWeight: 1, ...warm };
  return [
    send({ name: names.SEND_TWO_CORES, cores: 'two cores', how: 1, marbles: size(8000), ...oneByOne }),
    send({ name: names.SEND_ONE_CORE, cores: 'one core', how: 1, marbles: size(16_000), ...oneByOne }),
    send({ name: names.SEND_50, cores: 'two cores', how: 50, marbles: size(20_000), contestants: everybody, ...warm }),
    send({
      name: names.SEND_50_LONGER,
      cores: 'two cores',
      how: 50,
      bytes: 5000,
      marbles: size(8000),
      contestants: QUEUES_AND_FLOOR,
      mostWeight: 1,
      mostRounds: 3,
      ...warm,
    }),
    send({
      name: names.SEND_1000,
      how: 'bulk',
      marbles: size(20_000),
      contestants: [...BULK, ...OTHER_STORES, ...BROKERS],
      ...warm,
    }),
  ];
}

function loops(size: Quick): Workload[] {
  const contestants = [
    'MarbleRun, loop',
    'MarbleRun, loop, busyPoll',
    'MarbleRun, loop, unmonitored',
    ...LOOP_PEERS,
    ...LOOP_OTHERS,
    'floor, the script of a loop',
  ];
  const [warm, cold] = [
    { contestants, marbles: size(8000), warmUp: size(WARM_UP_LOOP) },
    { contestants, marbles: 2000, warmUp: 0 },
  ];
  return [
    loop({ name: names.LOOP_WARM, cores: 'two cores', ...warm }),
    loop({ name: names.LOOP_WARM_ONE_CORE, cores: 'one core', ...warm, mostRounds: 2 }),
    loop({ name: names.LOOP_COLD, cores: 'two cores', ...cold }),
  ];
}

function consumers(size: Quick): Workload[] {
  const [few, many, long] = [
    { marbles: size(20_000), concurrency: 50 },
    { marbles: size(30_000), concurrency: 50 },
    { marbles: size(80_000), concurrency: 50 }, // a difference of 5 % is to be seen
  ];
  const alone = BULK.filter((contestant) => contestant !== 'groupmq');
  const members = [OURS, 'MarbleRun, in a batch', 'MarbleRun, in ten batches'];
  return [
    consume({ name: names.CONSUME_1, contestants: alone, marbles: size(6000), concurrency: 1, mostRounds: 3 }),
    consume({ name: names.CONSUME_50, contestants: [...BULK, ...OTHER_STORES, ...BROKERS], ...few }),
    consume({ name: names.IN_BATCHES, contestants: members, ...long, cores: 'two cores' }),
    consume({ name: names.CONSUME_500, contestants: PAIR, marbles: size(20_000), concurrency: 500, mostRounds: 3 }),
    consume({
      name: names.CONSUME_4,
      contestants: [OURS, 'BullMQ', 'bee-queue', 'floor'],
      ...many,
      processes: 4,
      mostRounds: 3,
    }),
  ];
}

function forms(size: Quick): Workload[] {
  const alone = ['MarbleRun, loop', 'MarbleRun, loop, routing three'];
  const many = [OURS, ...names.ROUTING, 'floor', 'floor, routing three'];
  return [
    loop({
      name: names.ROUTE_ALONE,
      contestants: alone,
      cores: 'two cores',
      marbles: size(8000),
      warmUp: size(WARM_UP_LOOP),
    }),
    consume({ name: names.ROUTE_MANY, contestants: many, marbles: size(10_000), concurrency: 50, mostRounds: 3 }),
  ];
}

function large(size: Quick): Workload[] {
  const onRedis = [OURS, 'BullMQ', 'bee-queue', 'floor, a plain GET'];
  const contestants = [...onRedis, 'floor, GET and UNLINK', ...BROKERS];
  return LARGE.flatMap(({ size: name, bytes, marbles }) => {
    const what = { contestants, bytes, marbles: size(marbles), mostWeight: 1 };
    return [
      send({ name: names.largeSent(name), how: 50, ...what, contestants: onRedis, mostRounds: 3 }),
      consume({ name: names.largeHandled(name), concurrency: 50, ...what }),
    ];
  });
}

function latencies(quick: boolean, size: Quick, results: Results): Workload[] {
  const capacity = (contestant: string) => results.median(names.FLOW, contestant, 'perSecond') || 10_000;
  const seconds = quick ? 1 : 3;
  // groupmq takes a fifth of a second under load, for its groups take turns
  const few = [OURS, ...PEERS.filter((peer) => peer !== 'groupmq')];
  const many = [...few, ...BROKERS, 'floor'];
  const idle = { contestants: many, seconds: 2, warmUpSeconds: 1, mostRounds: 3 };
  const loaded = { seconds, warmUpSeconds: 3 };
  const own = (contestant: string) => capacity(contestant) / 2;
  const ofBullmq = () => capacity('BullMQ') / 2;
  return [
    flow({ name: names.FLOW, contestants: many, marbles: size(16_000) }),
    latency({ name: names.LATENCY_IDLE, cores: 'two cores', ...idle }),
    latency({ name: 'latency, idle, one core', cores: 'one core', ...idle, mostRounds: 1 }),
    latency({ name: names.LATENCY_OWN, contestants: [...few, ...BROKERS], ...loaded, perSecond: own }),
    latency({
      name: names.LATENCY_BULLMQ,
      contestants: few,
      ...loaded,
      mostRounds: 3,
      perSecond: ofBullmq,
    }),
  ];
}

function manyQueues(): Workload[] {
  const row = { contestants: [OURS, 'BullMQ', 'bee-queue', 'beanstalkd'], queues: names.QUEUES };
  return [
    ...PLACES.map((place, i) => {
      const contestants = i === 0 || i === PLACES.length - 1 ? row.contestants : [OURS];
      return queueLatency({ ...row, contestants, name: queueRow(place), queue: parseInt(place), mostRounds: 2 });
    }),
    idleQueues({ ...row, name: names.IDLE_QUEUES, seconds: 5 }),
  ];
}

/** Each beside the same row without: the price of safety is what lies between. */
function safety(size: Quick): Workload[] {
  return SAFETIES.flatMap((safety) => {
    const contestants = [OURS, ...(safety === 'a replica' ? ['MarbleRun, replicas: 1'] : []), 'BullMQ'];
    const row = { contestants, safety, marbles: size(3000), mostRounds: 2 };
    return [
      send({
        ...row,
        name: `${safety}: send one by one, awaited, two cores`,
        cores: 'two cores',
        how: 1,
        mostWeight: 1,
      }),
      flow({ ...row, name: `${safety}: sent and handled at once`, marbles: size(20_000) }),
    ];
  });
}

function monitors(quick: boolean): Workload[] {
  const seconds = quick ? 3 : 5;
  return [
    monitor({ name: names.MONITOR_EMPTY, seconds }),
    monitor({ name: names.MONITOR_HOLDERS, seconds, prepare: withHolders(1000) }),
    monitor({ name: names.MONITOR_QUEUES, seconds, prepare: withQueues(1000) }),
  ];
}

function curves(quick: boolean): Workload[] {
  const growing = quick ? GROWING.quick : GROWING.whole;
  const seconds = 8;
  return [
    ...(quick ? [1e3, 1e5] : [1e3, 1e4, 1e5, 1e6, 1e7]).map((n) => backlog(`${count(n)} marbles wait`, n)),
    ...growing.map((n) => amongQueues(`${count(n)} other queues`, n)),
    ...growing.map((n) => amongHolders(`${count(n)} other holders`, n)),
    ...(quick ? [1e4, 1e5] : [1e4, 1e5, 1e6]).map((n) => sweep(`${count(n)} held marbles`, n)),
    ...growing.map((n) => idle(`${count(n)} idle holders`, n, 'thread', seconds)),
    idle('1,000 idle holders, each with a heartbeat of its own', 1000, 'loop', seconds),
  ];
}
