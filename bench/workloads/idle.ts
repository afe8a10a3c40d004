/** What holders cost Redis that have nothing to do, each as if it were a process of its own: three connections and a heartbeat. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Workload } from './workload.js';

/** `perProcess` Marbles live in each of `processes`, only so that the machine can bear them. */
export function idle(name: string, holders: number, processes: number, seconds: number): Workload {
  return {
    name,
    contestants: ['MarbleRun'],
    async measure(lab, { name: contestant }) {
      const waiting = Array.from({ length: processes }, () => lab.process(contestant));
      for (const one of waiting) await one.ask('idle', { holders: holders / processes });
      await sleep(2000); // the first commands are over
      const { redisCpuUs, commands, us } = await lab.cost(waiting, () => sleep(seconds * 1000));
      return { redisCpuShare: (100 * redisCpuUs) / us, commandsPerSecond: (commands / us) * 1e6 };
    },
  };
}
