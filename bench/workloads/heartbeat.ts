/** Do heartbeats come on time while the machine has no core to spare? */
import { setTimeout as sleep } from 'node:timers/promises';
import { keysOf } from 'marblerun/communicator';
import type { Lab } from '../lab.js';
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
    async measure(lab, { name: contestant }) {
      const sender = lab.process(contestant);
      await sender.ask('send', { n: marbles, bytes: 100, how: 'bulk' });
      await sender.end();
      const workers = Array.from({ length: PROCESSES }, () => lab.process(contestant));
      for (const worker of workers) await worker.ask('idle', { holders: 1, heartbeat: 'thread' });
      await Promise.all(workers.map((worker) => worker.ask('consume', { concurrency: 50 })));
      const silence = { ms: 0 };
      for (let handled = 0; handled < marbles; await sleep(LOOK_MS)) {
        silence.ms = Math.max(silence.ms, await longestSilence(lab));
        handled = (await Promise.all(workers.map((worker) => worker.ask('counted')))).reduce(
          (sum, { n }) => sum + n,
          0,
        );
      }
      await Promise.all(workers.map((worker) => worker.ask('stop')));
      return { silenceMs: silence.ms };
    },
  };
}

/** Of all holders, in ms: what is gone of a lease. */
async function longestSilence({ redis }: Lab): Promise<number> {
  const { holders, holder } = keysOf('main');
  const [[seconds, us], flat] = await Promise.all([redis.time(), redis.zrange(holders, '0', '-1', 'WITHSCORES')]);
  const now = Number(seconds) * 1000 + Math.floor(Number(us) / 1000);
  const silences = flat.map(async (id, i) => {
    const leaseMs = i % 2 === 0 ? Number(await redis.hget(holder(id), 'leaseMs')) : 0;
    return leaseMs > 0 ? leaseMs - (Number(flat[i + 1]) - now) : 0;
  });
  return Math.max(0, ...(await Promise.all(silences)));
}
