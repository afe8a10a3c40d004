/** From the call of `send` in one process to the handler in another. */
import { handled } from './consume.js';
import type { Workload } from './workload.js';

/** Before what counts: the first seconds are those of compilers. */
const WARM_UP_SECONDS = 5;

/** `perSecond`: 0 for one each 5 ms. */
export function latency(name: string, seconds: number, perSecond: (contestant: string) => number): Workload {
  return {
    name,
    async measure(lab, { name: contestant }) {
      const rate = perSecond(contestant);
      const warmUp = Math.ceil(WARM_UP_SECONDS * (rate || 200));
      const n = warmUp + Math.ceil(seconds * (rate || 200));
      const [worker, sender] = [lab.process(contestant), lab.process(contestant)];
      await worker.ask('consume', { concurrency: 50, measuredFrom: warmUp });
      await sender.ask('pace', { n, perSecond: rate });
      await handled([worker], n);
      return worker.ask('stop');
    },
  };
}
