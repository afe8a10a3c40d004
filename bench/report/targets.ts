/** Targets of MarbleRun, beside what was measured. */
import { MARBLE_DEFAULTS } from 'marblerun';
import type { Figure, Results } from '../results.js';
import {
  BEHIND_COMPUTING,
  BEHIND_WAITING,
  CONSUME_1,
  CONSUME_4,
  CONSUME_50,
  ELEVATE_FAR,
  ELEVATE_NEAR,
  HEARTBEAT,
  IDLE,
  IN_BATCHES,
  LATENCY_BULLMQ,
  LATENCY_IDLE,
  LATENCY_OWN,
  OURS,
  PEERS,
  ROUTE_ALONE,
  ROUTE_MANY,
  SEND_1000,
  SEND_TWO_CORES,
} from '../names.js';
import { SCALE_OUT } from './scale-out.js';
import { SIMPLE_FORMS } from './simple-forms.js';
import { least, type Target } from './target.js';
import { short } from './tables.js';

const IDLE_NAME = `${IDLE.toLocaleString('en-US')} idle holders`;

const faster = (what: string, workload: string, wanted: number): Target => ({
  what: `${what}, × BullMQ`,
  wanted,
  bound: 'least',
  measured: (results) => ratio(results, workload, 'perSecond', 'BullMQ'),
});

const quicker = (what: string, workload: string, figure: Figure): Target => ({
  what: `${what}, × the best peer`,
  wanted: 1,
  bound: 'most',
  measured: (results) => results.median(workload, OURS, figure) / least(results, workload, PEERS, figure),
});

export const TARGETS: readonly Target[] = [
  ...SIMPLE_FORMS,
  ...SCALE_OUT,
  faster('consume, concurrency 50, marbles/s', CONSUME_50, 6),
  faster('consume, concurrency 1, marbles/s', CONSUME_1, 1.8),
  faster('consume, 4 processes, marbles/s', CONSUME_4, 5),
  faster('send 1,000 at a time, marbles/s', SEND_1000, 10),
  faster('send one by one, awaited, marbles/s', SEND_TWO_CORES, 1.3),
  {
    what: 'Redis CPU, send to finish, × BullMQ',
    wanted: 1 / 8,
    bound: 'most',
    measured: (results) => redisCpu(results, OURS) / redisCpu(results, 'BullMQ'),
  },
  {
    what: 'Redis CPU, send to finish, × the floor',
    wanted: 1.5,
    bound: 'most',
    measured: (results) => redisCpu(results, OURS) / redisCpu(results, 'floor'),
  },
  ...(
    [
      ['MarbleRun, in a batch', 1.05],
      ['MarbleRun, in ten batches', 1.1],
    ] as const
  ).map(([name, wanted]): Target => ({
    what: `Redis CPU of a marble, ${name.slice('MarbleRun, '.length)}, × one in none`,
    wanted,
    bound: 'most',
    measured: (results) =>
      results.median(IN_BATCHES, name, 'serverCpuUs') / results.median(IN_BATCHES, OURS, 'serverCpuUs'),
  })),
  ...[BEHIND_WAITING, BEHIND_COMPUTING].map((name): Target => ({
    what: `${name}: the last of them begins after, ms`,
    wanted: 1500,
    bound: 'most',
    measured: (results) => results.median(name, OURS, 'p999Us') / 1000,
  })),
  {
    what: 'bytes of a waiting marble of 100 bytes',
    wanted: 148,
    bound: 'most',
    measured: (results) => results.median(SEND_1000, OURS, 'waitingBytes'),
  },
  {
    what: 'bytes of a waiting marble, × BullMQ',
    wanted: 1 / 5,
    bound: 'most',
    measured: (results) => ratio(results, SEND_1000, 'waitingBytes', 'BullMQ'),
  },
  quicker('latency p50, idle', LATENCY_IDLE, 'p50Us'),
  quicker('latency p99, half of its own load', LATENCY_OWN, 'p99Us'),
  quicker("latency p99, half of BullMQ's load", LATENCY_BULLMQ, 'p99Us'),
  {
    what: 'routing three with a finish, one marble at a time: Redis CPU, × a plain finish',
    wanted: 1.6,
    bound: 'most',
    measured: (results) => routing(results, ROUTE_ALONE, 'MarbleRun, loop', 'serverCpuUs'),
  },
  {
    what: 'routing three with a finish, one marble at a time: time, × a plain finish',
    wanted: 1.6,
    bound: 'most',
    measured: (results) => 1 / routing(results, ROUTE_ALONE, 'MarbleRun, loop', 'perSecond'),
  },
  {
    what: 'routing three with a finish, hundreds at a time: Redis CPU, × a plain finish',
    wanted: 1.6,
    bound: 'most',
    measured: (results) => routing(results, ROUTE_MANY, OURS, 'serverCpuUs'),
  },
  {
    what: 'the same of the floor, which only pushes them',
    wanted: 1.6,
    bound: 'most',
    measured: (results) => routing(results, ROUTE_MANY, 'floor', 'serverCpuUs'),
  },
  {
    what: 'elevate at no round trip, × consume at concurrency 50',
    wanted: 0.6,
    bound: 'least',
    measured: (results) =>
      results.median(ELEVATE_NEAR, OURS, 'perSecond') / results.median(CONSUME_50, OURS, 'perSecond'),
  },
  {
    what: 'elevate at 50 ms of round trip, marbles/s',
    wanted: 20_000,
    bound: 'least',
    measured: (results) => results.median(ELEVATE_FAR, OURS, 'perSecond'),
  },
  {
    what: 'longest silence of a holder at full load, × its lease',
    wanted: 0.5,
    bound: 'most',
    measured: (results) => results.median(HEARTBEAT, OURS, 'silenceMs') / MARBLE_DEFAULTS.leaseMs,
  },
  {
    what: `${IDLE_NAME}, % of a core`,
    wanted: 3,
    bound: 'most',
    measured: (results) => results.median(IDLE_NAME, OURS, 'serverCpuShare'),
  },
  {
    what: 'the same of as many connections that only wait',
    wanted: 3,
    bound: 'most',
    measured: (results) => results.median(IDLE_NAME, 'floor', 'serverCpuShare'),
  },
];

export function targetsTable(results: Results): string {
  const rows = TARGETS.map(({ what, wanted, bound, measured }) => {
    const value = measured(results);
    if (Number.isNaN(value)) return `| ${what} | ${bound === 'least' ? '≥' : '≤'} ${short(wanted)} | not measured | |`;
    const met = bound === 'least' ? value >= wanted : value <= wanted;
    return `| ${what} | ${bound === 'least' ? '≥' : '≤'} ${short(wanted)} | ${short(value)} | ${met ? 'yes' : '**no**'} |`;
  });
  return `| target | wanted | measured | met |\n| --- | ---: | ---: | --- |\n${rows.join('\n')}`;
}

function ratio(results: Results, workload: string, figure: Figure, peer: string): number {
  return results.median(workload, OURS, figure) / results.median(workload, peer, figure);
}

function routing(results: Results, workload: string, plain: string, figure: Figure): number {
  return results.median(workload, `${plain}, routing three`, figure) / results.median(workload, plain, figure);
}

function redisCpu(results: Results, contestant: string): number {
  return results.median(SEND_1000, contestant, 'serverCpuUs') + results.median(CONSUME_50, contestant, 'serverCpuUs');
}
