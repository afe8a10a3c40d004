/** Rows that docs/SCALING.md reckons with: more processes and servers, and longer links. */
import * as names from './names.js';
import { OURS } from './names.js';
import type { Quick } from './plan.js';
import { consume } from './workloads/consume.js';
import { flow } from './workloads/flow.js';
import { overLink } from './workloads/link.js';
import { loop } from './workloads/loop.js';
import { send } from './workloads/send.js';
import type { Workload } from './workloads/workload.js';

/** The most marbles that go over a link, and the weight by which those of MarbleRun are multiplied. */
const MOST_OVER_LINK = 400_000;
const WEIGHT = 5;

/** One run on more and more processes, and several runs on one server and on several: what a marble costs Redis is to stay. */
export function scaleOut(size: Quick): Workload[] {
  const row = {
    contestants: [OURS],
    group: 'scale out',
    cores: 'two cores',
    marbles: size(40_000),
    how: 'bulk',
  } as const;
  const runs = { ...row, pairs: names.MASTERS, runs: names.MASTERS };
  return [
    ...names.PROCESSES.map((processes) => flow({ ...row, name: names.oneRunRow(processes), pairs: processes / 2 })),
    flow({ ...runs, name: names.RUNS_ONE_SERVER }),
    flow({ ...runs, name: names.RUNS_SEVERAL, server: 'several Redis' }),
    flow({ ...runs, name: names.RUNS_CLUSTER, server: 'Redis Cluster' }),
  ];
}

/** Each takes some two seconds, however long the link is. */
export function links(size: Quick): Workload[] {
  return names.ROUND_TRIPS_MS.flatMap((ms) => {
    const trips = size(2000 / ms);
    const few = { marbles: trips, warmUp: 20, cores: 'any' } as const;
    const marbles = (form: names.Far) => Math.min(MOST_OVER_LINK, trips * names.PER_TRIP[form]) / WEIGHT;
    return [
      loop({ ...few, name: names.linkRow(ms, 'loop'), contestants: ['MarbleRun, loop'] }),
      consume({
        name: names.linkRow(ms, 'handled'),
        contestants: [OURS],
        marbles: marbles('handled'),
        concurrency: 500,
      }),
      send({ name: names.linkRow(ms, 'sent'), contestants: [OURS], marbles: marbles('sent'), how: 'stream' }),
    ].map((workload) => overLink(ms, workload));
  });
}
