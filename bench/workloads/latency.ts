/** From the call of `send` in one process to the handler in another. */
import { handled } from './consume.js';
import { percentile, type Workload } from './workload.js';

/** Before what counts: the first seconds are those of compilers. */
const WARM_UP_SECONDS = 5;

/** `perSecond`: 0 for one each 5 ms. */
export function latency(name: string, seconds: number, perSecond: (contestant: string) => number): Workload {
  return {
    name,
    async measure(lab, { name: contestant }) {
      const rate = perSecond(contestant);
      const n = Math.ceil(seconds * (rate || 200));
      const all = Math.ceil(WARM_UP_SECONDS * (rate || 200)) + n;
      const [worker, sender] = [lab.process(contestant), lab.process(contestant)];
      await worker.ask('consume', { concurrency: 50 });
      await sender.ask('pace', { n: all, perSecond: rate });
      await handled([worker], all);
      const latenciesUs = (await worker.ask('stop')).latenciesUs.slice(-n).sort((a, b) => a - b);
      return {
        p50Us: percentile(latenciesUs, 0.5),
        p99Us: percentile(latenciesUs, 0.99),
        p999Us: percentile(latenciesUs, 0.999),
      };
    },
  };
}
