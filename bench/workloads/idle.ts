/** The cost of holders that have nothing to do. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab } from '../lab.js';
import type { Workload } from './workload.js';

const PER_PROCESS = 1000;

/** With `loop` each has a heartbeat of its own, and its connection; with `thread` a thousand share one. Each waits on a connection of its own. */
export function idle(name: string, holders: number, heartbeat: 'loop' | 'thread', seconds: number): Workload {
  const processes = Math.max(1, Math.ceil(holders / PER_PROCESS));
  return {
    name,
    contestants: holders > 1000 ? ['MarbleRun', 'floor'] : ['MarbleRun'],
    mostRounds: 1,
    /** On a Redis of its own: what another still tidies up after millions of marbles is not the cost of those who wait. */
    async measure(_, { name: contestant }) {
      const lab = await Lab.start();
      try {
        const waiting = Array.from({ length: processes }, () => lab.process(contestant));
        for (const one of waiting) await one.ask('idle', { holders: holders / processes, heartbeat });
        await sleep(2000); // the first commands are over
        const { serverCpuUs, commands, us } = await lab.cost(waiting, () => sleep(seconds * 1000));
        return { serverCpuShare: (100 * serverCpuUs) / us, commandsPerSecond: (commands / us) * 1e6 };
      } finally {
        await lab.stop();
      }
    },
  };
}
