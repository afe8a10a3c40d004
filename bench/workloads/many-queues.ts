/** A worker of many queues: how soon it notices a marble in one of them, and what it costs while all are empty. */
import { setTimeout as sleep } from 'node:timers/promises';
import { handled, settled } from './handled.js';
import type { Row, Workload } from './workload.js';

/** Rare enough that each marble finds the worker waiting. */
const EVERY_MS = 25;
const WARM_UP = 20;
const MARBLES = 80;

/** The latency of marbles that all go to one queue, whose number counts from 1. */
export function queueLatency({ queues, queue, ...row }: Row & { queues: number; queue: number }): Workload {
  return {
    ...row,
    async measure(lab, { name: contestant }) {
      const [worker, sender] = [lab.process(contestant), lab.process(contestant)];
      await worker.ask('consumeQueues', { queues });
      const pass = (n: number) => sender.ask('drip', { n, everyMs: EVERY_MS, queue });
      await pass(WARM_UP);
      await handled([worker], WARM_UP);
      await worker.ask('measure');
      await pass(MARBLES);
      await handled([worker], WARM_UP + MARBLES);
      return { ...(await settled([worker], { n: WARM_UP }, { n: MARBLES })) };
    },
  };
}

/** All queues are empty. */
export function idleQueues({ queues, seconds, ...row }: Row & { queues: number; seconds: number }): Workload {
  return {
    ...row,
    mostRounds: 1,
    async measure(lab, { name: contestant }) {
      const worker = lab.process(contestant);
      await worker.ask('consumeQueues', { queues });
      await sleep(2000); // the first commands are over
      const { serverCpuUs, nodeCpuUs, commands, us } = await lab.cost([worker], () => sleep(seconds * 1000));
      await settled([worker], { n: 0 });
      const share = (cpuUs: number) => (100 * cpuUs) / us;
      return {
        serverCpuShare: share(serverCpuUs),
        nodeCpuShare: share(nodeCpuUs),
        commandsPerSecond: (commands / us) * 1e6,
      };
    },
  };
}
