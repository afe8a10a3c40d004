/** Do heartbeats come on time while the machine has no core to spare? */
import { setTimeout as sleep } from 'node:timers/promises';
import { Communicator } from 'marblerun/communicator';
import { handled, settled } from './handled.js';
import type { Workload } from './workload.js';

const PROCESSES = 4;
const LOOK_MS = 20;

/**
 * Four processes work off a backlog. Each has a holder more, which waits: only the heartbeat, one for all holders of
 * a process, keeps that one's lease.
 */
export function heartbeat(name: string, marbles: number): Workload {
  return {
    name,
    contestants: ['MarbleRun'],
    mostRounds: 3,
    async measure(lab, { name: contestant }) {
      const sender = lab.process(contestant);
      await sender.ask('send', { n: marbles, bytes: 100, how: 'bulk' });
      await sender.end();
      const workers = Array.from({ length: PROCESSES }, () => lab.process(contestant));
      for (const worker of workers) await worker.ask('idle', { holders: 1, heartbeat: 'thread' });
      await Promise.all(workers.map((worker) => worker.ask('consume', { concurrency: 50 })));
      const bus = new Communicator({ redis: lab.url });
      const work = { isDone: false };
      const done = handled(workers, marbles).finally(() => (work.isDone = true));
      let silenceMs = 0;
      const watch = async () => {
        for (; !work.isDone; await sleep(LOOK_MS)) {
          const [longest] = await bus.status.holders(1);
          silenceMs = Math.max(silenceMs, longest?.unheardMs ?? 0);
        }
      };
      await Promise.all([done, watch()]).finally(() => bus.close());
      await settled(workers, { n: marbles, bytes: 100 });
      return { silenceMs };
    },
  };
}
