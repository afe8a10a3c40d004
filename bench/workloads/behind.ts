/** How long fast marbles wait behind a slow one, while another worker has nothing to do. */
import { handled, settled } from './handled.js';
import type { Workload } from './workload.js';

const FAST = 100;
/** From which a worker learns that it may take ahead. */
const WARM_UP = 2000;

/** The latency is that of the fast ones: of the last of them, p99.9. */
export function behind(name: string, slow: { readonly ms: number; readonly blocks: boolean }): Workload {
  return {
    name,
    contestants: ['MarbleRun', 'BullMQ', 'bee-queue'],
    mostRounds: 2,
    async measure(lab, { name: contestant }) {
      const [sender, ...workers] = [0, 1, 2].map(() => lab.process(contestant));
      await Promise.all(workers.map((worker) => worker.ask('consume', { concurrency: 1 })));
      await sender!.ask('send', { n: WARM_UP, bytes: 100, how: 'bulk' });
      await handled(workers, WARM_UP);
      await sender!.ask('behind', { ...slow, fast: FAST });
      await handled(workers, WARM_UP + 1 + FAST);
      return { ...(await settled(workers, { n: WARM_UP }, { n: 1 + FAST })) };
    },
  };
}
