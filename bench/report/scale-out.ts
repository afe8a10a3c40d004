/** Targets of what grows: processes of a run, runs on a Cluster, queues of a worker that are all empty. */
import { IDLE_QUEUES, OURS, PROCESSES, RUNS_CLUSTER, RUNS_ONE_SERVER, RUNS_SEVERAL, oneRunRow } from '../names.js';
import { cpuOnCluster } from './scaling.js';
import type { Target } from './target.js';

const FEWEST = PROCESSES[0];

/** Flat: within a tenth, which is what such a row varies by. */
const FLAT = 1.1;

export const SCALE_OUT: readonly Target[] = [
  ...PROCESSES.slice(1).map((processes): Target => ({
    what: `${oneRunRow(processes)}: Redis CPU of a marble, × that on ${FEWEST}`,
    wanted: FLAT,
    bound: 'most',
    measured: (results) =>
      results.median(oneRunRow(processes), OURS, 'serverCpuUs') /
      results.median(oneRunRow(FEWEST), OURS, 'serverCpuUs'),
  })),
  ...[RUNS_ONE_SERVER, RUNS_SEVERAL].map((other): Target => ({
    what: `${RUNS_CLUSTER}: Redis CPU of a marble, × that of ${other.split(', ')[1]}`,
    wanted: FLAT,
    bound: 'most',
    measured: (results) => cpuOnCluster(results, other),
  })),
  {
    what: `${IDLE_QUEUES}: Redis, % of a core`,
    wanted: 0.5,
    bound: 'most',
    measured: (results) => results.median(IDLE_QUEUES, OURS, 'serverCpuShare'),
  },
];
