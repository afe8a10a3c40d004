/** The tables of docs/SCALING.md: what was measured, and what is computed from it. */
import {
  CONSUME_50,
  CONSUME_500,
  ELEVATE_FAR,
  ELEVATE_FAR_MS,
  ELEVATE_NEAR,
  LARGE,
  LOOP_WARM,
  MONITOR_EMPTY,
  MONITOR_HOLDERS,
  MONITOR_QUEUES,
  OURS,
  PER_TRIP,
  PROCESSES,
  ROUND_TRIPS_MS,
  RUNS_CLUSTER,
  RUNS_ONE_SERVER,
  RUNS_SEVERAL,
  SEND_1000,
  SEND_TWO_CORES,
  largeHandled,
  largeSent,
  linkRow,
  oneRunRow,
  type Far,
} from '../names.js';
import type { Figure, Results } from '../results.js';
import { clientCores, cluster, manyRuns, oneRun, overLink, serversFor, type Costs } from './capacity.js';
import { short, table } from './tables.js';

const LOOP = 'MarbleRun, loop';
const CORES = [1, 8, 64];
const MASTERS = [3, 10, 30, 100];
const LINKS_MS = [0, 1, 10, 50, 200];
const HANDLERS_US = [0, 100, 1000];
/** The size of a marble, where the plan of the bench does not say otherwise. */
const BYTES = 100;

interface Link {
  readonly what: string;
  readonly perTrip: number;
  /** The row of the same without a link. */
  readonly near: readonly [row: string, contestant: string];
}

const LINKS: Record<Far | 'send' | 'lane', Link> = {
  loop: { what: 'the loop', perTrip: PER_TRIP.loop, near: [LOOP_WARM, LOOP] },
  send: { what: '`send`, awaited one by one', perTrip: 1, near: [SEND_TWO_CORES, OURS] },
  sent: { what: '`sendMany`', perTrip: PER_TRIP.sent, near: [SEND_1000, OURS] },
  handled: { what: 'a handler, concurrency 500', perTrip: PER_TRIP.handled, near: [CONSUME_500, OURS] },
  lane: { what: 'a lane of an Elevator', perTrip: 2500, near: [ELEVATE_NEAR, OURS] },
};

/** The day and the cores of a measurement. */
interface Measured {
  readonly date: Date;
  readonly cores: number;
}

/** Returns the tables by the names of their places in the document. */
export function scalingTables(results: Results, { date, cores }: Measured): Record<string, string> {
  return {
    measured: `Measured on ${date.toISOString().slice(0, 10)}, by the run of [BENCHMARKS.md](BENCHMARKS.md), on its machine of ${cores} cores.`,
    costs: costsTable(results),
    processes: processesTable(results, cores),
    runs: runsTable(results, cores),
    cores: coresTable(costsOf(results)),
    masters: mastersTable(results),
    links: linksTable(results),
    checked: checkedTable(results),
    monitor: monitorTable(results),
    memory: memoryTable(results),
  };
}

/** From send to finish, in the forms for many: `sendMany`, and a handler at concurrency 50. */
function costsOf(results: Results): Costs {
  const both = (figure: 'serverCpuUs' | 'nodeCpuUs') =>
    results.median(SEND_1000, OURS, figure) + results.median(CONSUME_50, OURS, figure);
  return { redisUs: both('serverCpuUs'), nodeUs: both('nodeCpuUs') };
}

function costsTable(results: Results): string {
  const large = LARGE.flatMap(({ size }) => [
    [`${size}, sent 50 at a time`, largeSent(size), OURS],
    [`${size}, a handler, concurrency 50`, largeHandled(size), OURS],
  ]);
  const rows = [
    ['`sendMany`', SEND_1000, OURS],
    ['a handler, concurrency 50', CONSUME_50, OURS],
    ['a handler, concurrency 500', CONSUME_500, OURS],
    ['`send`, awaited one by one', SEND_TWO_CORES, OURS],
    ['the loop', LOOP_WARM, LOOP],
    ...large,
  ].map(([what = '', row = '', who = '']) => {
    const figures = (['serverCpuUs', 'nodeCpuUs', 'bytes'] as const).map((figure) => results.median(row, who, figure));
    return [what, ...figures.map(short)];
  });
  return table(['', 'Redis, µs', 'Node.js, µs', 'bytes over the network'], rows);
}

function processesTable(results: Results, cores: number): string {
  const rows = PROCESSES.map((processes) => [`${processes}`, ...rates(results, oneRunRow(processes), cores)]);
  return table(['processes', ...RATES], rows);
}

function runsTable(results: Results, cores: number): string {
  const names = [RUNS_ONE_SERVER, RUNS_SEVERAL, RUNS_CLUSTER];
  return table(
    ['', ...RATES],
    names.map((row) => [row.split(', ')[1]!, ...rates(results, row, cores)]),
  );
}

const RATES = [
  'marbles/s',
  'computed for these cores',
  'Redis, µs',
  'Node.js, µs',
  'Redis, % of a core',
  'by a whole core of Redis',
];

function rates(results: Results, row: string, cores: number): string[] {
  const of = (figure: Figure) => results.median(row, OURS, figure);
  const [redisUs, nodeUs] = [of('serverCpuUs'), of('nodeCpuUs')];
  const computed = manyRuns({ redisUs, nodeUs }, cores, 0);
  return [of('perSecond'), computed, redisUs, nodeUs, of('serverCpuShare'), 1e6 / redisUs].map(short);
}

function coresTable(costs: Costs): string {
  const rows = CORES.flatMap((cores) =>
    HANDLERS_US.map((handlerUs) => {
      const all = manyRuns(costs, cores, handlerUs);
      return [`${cores}`, `${handlerUs}`, ...[oneRun(costs, cores, handlerUs), all, serversFor(all, costs)].map(short)];
    }),
  );
  return table(['cores', 'CPU of a handler, µs', 'one run', 'many runs', 'Redis servers for these'], rows);
}

/** With what a Cluster was seen to take, which hears from its other nodes, too. */
function mastersTable(results: Results): string {
  const ratio = cpuOnCluster(results, RUNS_ONE_SERVER);
  const { redisUs, nodeUs } = costsOf(results);
  const costs = { redisUs: redisUs * ratio, nodeUs };
  const bytes = results.median(SEND_1000, OURS, 'bytes') + results.median(CONSUME_50, OURS, 'bytes');
  const rows = MASTERS.map((masters) => {
    const perSecond = cluster(costs, masters);
    const cores = HANDLERS_US.slice(0, 2).map((handlerUs) => clientCores(perSecond, costs, handlerUs));
    return [`${masters}`, ...[perSecond, ...cores, (perSecond * bytes * 8) / 1e9].map(short)];
  });
  const head = ['masters', 'marbles/s', 'cores for clients', 'with handlers of 100 µs', 'Gbit/s, both ways'];
  return table(head, rows);
}

/** The Redis CPU of a marble on a Cluster, over that of another row. */
export function cpuOnCluster(results: Results, other: string): number {
  return results.median(RUNS_CLUSTER, OURS, 'serverCpuUs') / results.median(other, OURS, 'serverCpuUs');
}

function linksTable(results: Results): string {
  const rows = Object.values(LINKS).map(({ what, perTrip, near }) => {
    const perSecond = results.median(...near, 'perSecond');
    return [what, short(perTrip), ...LINKS_MS.map((ms) => short(overLink(perTrip, ms, perSecond)))];
  });
  return table(['marbles/s of one client', 'marbles in a trip', ...LINKS_MS.map((ms) => `${ms} ms`)], rows);
}

function checkedTable(results: Results): string {
  const forms: Far[] = ['loop', 'sent', 'handled'];
  const rows = ROUND_TRIPS_MS.flatMap((ms) => forms.map((form) => checked(results, form, linkRow(ms, form))));
  const far = results.median(ELEVATE_FAR, OURS, 'perSecond');
  return table(
    ['', 'round trip, ms', 'computed, marbles/s', 'measured, marbles/s', 'measured ÷ computed'],
    [...rows, compared(results, 'lane', ELEVATE_FAR_MS, far)],
  );
}

function checked(results: Results, form: Far, row: string): string[] {
  const who = form === 'loop' ? LOOP : OURS;
  return compared(results, form, results.median(row, who, 'roundTripMs'), results.median(row, who, 'perSecond'));
}

function compared(results: Results, form: keyof typeof LINKS, ms: number, measured: number): string[] {
  const { what, perTrip, near } = LINKS[form];
  const computed = overLink(perTrip, ms, results.median(...near, 'perSecond'));
  return [what, ...[ms, computed, measured, measured / computed].map(short)];
}

function monitorTable(results: Results): string {
  const rows = [MONITOR_EMPTY, MONITOR_HOLDERS, MONITOR_QUEUES].map((row) => {
    const figures = (['serverCpuShare', 'nodeCpuShare', 'commandsPerSecond'] as const).map((figure) =>
      results.median(row, OURS, figure),
    );
    return [row.replace('a Monitor, of ', ''), ...figures.map(short)];
  });
  return table(['of', 'Redis, % of a core', 'the Monitor, % of a core', 'commands/s'], rows);
}

function memoryTable(results: Results): string {
  const sizes = [
    { size: `${BYTES} bytes`, row: SEND_1000 },
    ...LARGE.map(({ size }) => ({ size, row: largeSent(size) })),
  ];
  const rows = sizes.map(({ size, row }) => {
    const bytes = results.median(row, OURS, 'waitingBytes');
    return [size, short(bytes), short(2 ** 30 / bytes)];
  });
  return table(['data', 'bytes in Redis', 'marbles in a GiB'], rows);
}
