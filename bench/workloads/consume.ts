/** Working off a backlog, by one process or several. The handlers do nothing: what is measured is the way there and back. */
import { until } from '@marblerun/test-support';
import type { Process } from '../lab.js';
import { perMarble, type Workload } from './workload.js';

export interface ConsumeOptions {
  readonly marbles: number;
  readonly concurrency: number;
  readonly processes?: number;
  readonly bytes?: number;
  readonly contestants?: readonly string[];
}

export function consume(name: string, options: ConsumeOptions): Workload {
  const { marbles, concurrency, processes = 1, bytes = 100, contestants } = options;
  return {
    name,
    contestants,
    async measure(lab, { name: contestant, weight }) {
      const n = Math.ceil(marbles * weight);
      const sender = lab.process(contestant);
      await sender.ask('send', { n, bytes, how: 'bulk' });
      await sender.end();
      const workers = Array.from({ length: processes }, () => lab.process(contestant));
      let us = 0;
      const cost = await lab.cost(workers, async () => {
        await Promise.all(workers.map((worker) => worker.ask('consume', { concurrency })));
        us = await handled(workers, n);
        await Promise.all(workers.map((worker) => worker.ask('stop')));
      });
      return perMarble(cost, n, us);
    },
  };
}

/**
 * Sent and handled at once, one process each, as fast as both go together and go on: as many go before what counts,
 * for what two cold processes reach is half of that or less.
 */
export function flow(name: string, marbles: number): Workload {
  return {
    name,
    async measure(lab, { name: contestant, weight }) {
      const n = Math.ceil(marbles * weight);
      const [worker, sender] = [lab.process(contestant), lab.process(contestant)];
      await worker.ask('consume', { concurrency: 50 });
      const pass = async (passes: number) => {
        const sent = sender.ask('send', { n, bytes: 100, how: 'hundred under way' });
        await handled([worker], passes * n);
        await sent;
      };
      await pass(1);
      const cost = await lab.cost([worker, sender], () => pass(2));
      await worker.ask('stop');
      return perMarble(cost, n);
    },
  };
}

/** Resolves when `n` have been handled: with the time from the first to the last. */
export async function handled(workers: readonly Process[], n: number): Promise<number> {
  const look = () => Promise.all(workers.map((worker) => worker.ask('counted')));
  const seen = await until(
    `${n} marbles are handled`,
    async () => {
      const counts = await look();
      return counts.reduce((sum, count) => sum + count.n, 0) >= n && counts;
    },
    { deadlineMs: 120_000, everyMs: 20 },
  );
  const active = seen.filter((count) => count.n > 0);
  return Math.max(...active.map((count) => count.lastAt)) - Math.min(...active.map((count) => count.firstAt));
}
