/** Working off a backlog, by one process or several. The handlers do nothing: what is measured is the way there and back. */
import { handled, settled } from './handled.js';
import { marblesOf, perMarble, type Row, type Size, type Workload } from './workload.js';

export interface ConsumeOptions extends Row, Size {
  readonly concurrency: number;
  readonly processes?: number;
  readonly bytes?: number;
}

export function consume(options: ConsumeOptions): Workload {
  const { marbles, mostWeight, concurrency, processes = 1, bytes = 100, ...row } = options;
  return {
    ...row,
    async measure(lab, { name: contestant, weight }) {
      const n = marblesOf({ marbles, mostWeight }, weight);
      const sender = lab.process(contestant);
      await sender.ask('send', { n, bytes, how: 'bulk' });
      await sender.end();
      const workers = Array.from({ length: processes }, () => lab.process(contestant));
      let us = 0;
      const cost = await lab.cost(workers, async () => {
        await Promise.all(workers.map((worker) => worker.ask('consume', { concurrency })));
        us = await handled(workers, n);
        await settled(workers, { n, bytes });
      });
      return perMarble(cost, n, us);
    },
  };
}
