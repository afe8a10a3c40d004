/** A worker that has one marble at a time and takes the next when it has finished: the simplest script there is. */
import { until } from '@marblerun/test-support';
import { between, type Lab } from '../lab.js';
import type { Process } from '../process.js';
import { handled, settled } from './handled.js';
import { marblesOf, perMarble, type Figures, type Row, type Workload } from './workload.js';

const BYTES = 100;
const LOOK_MS = 20;

export interface LoopOptions extends Row {
  readonly marbles: number;
  /**
   * Handled before what counts: code is compiled, threads run, connections stand. With 0 all that counts too, from the
   * call that begins the work.
   */
  readonly warmUp: number;
}

export function loop({ marbles, warmUp, ...row }: LoopOptions): Workload {
  return {
    ...row,
    async measure(lab, { name: contestant, weight }) {
      const size = (of: number) => marblesOf({ marbles: of, mostWeight: 1 }, weight);
      const before = size(warmUp);
      const n = before + size(marbles);
      const sender = lab.process(contestant);
      await sender.ask('send', { n, bytes: BYTES, how: 'bulk' });
      await sender.end();
      const worker = lab.process(contestant);
      const figures = warmUp > 0 ? await warm(lab, worker, n, before) : await cold(lab, worker, n);
      await settled([worker], { n, bytes: BYTES });
      return figures;
    },
  };
}

async function cold(lab: Lab, worker: Process, n: number): Promise<Figures> {
  let us = 0;
  const cost = await lab.cost([worker], async () => {
    await worker.ask('consume', { concurrency: 1 });
    await handled([worker], n);
    const { begunAt, lastAt } = await worker.ask('counted');
    us = lastAt - begunAt;
  });
  return perMarble(cost, n, us);
}

/** Looks twice while it works, and counts what lies between. */
async function warm(lab: Lab, worker: Process, n: number, warmUp: number): Promise<Figures> {
  const lookAt = async (wanted: number) => {
    const isThere = async () => (await worker.ask('counted')).n >= wanted;
    await until(`${wanted} marbles are handled`, isThere, { deadlineMs: 120_000, everyMs: LOOK_MS });
    const [counted, use] = await Promise.all([worker.ask('counted'), lab.use()]);
    return { ...counted, use };
  };
  await worker.ask('consume', { concurrency: 1 });
  const from = await lookAt(warmUp);
  const to = await lookAt(n);
  if (to.n === from.n) throw new Error(`all ${n} marbles were handled between two looks`);
  const us = to.lastAt - from.lastAt;
  return perMarble({ ...between(from.use, to.use), nodeCpuUs: to.cpuUs - from.cpuUs, us }, to.n - from.n);
}
