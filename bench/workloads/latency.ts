/** From the call of `send` in one process to the handler in another. */
import { until } from '@marblerun/test-support';
import { percentile, type Workload } from './workload.js';

/** `perSecond`: 0 for one each 5 ms. */
export function latency(name: string, seconds: number, perSecond: (contestant: string) => number): Workload {
  return {
    name,
    async measure(lab, { name: contestant }) {
      const rate = perSecond(contestant);
      const n = Math.ceil(seconds * (rate || 200));
      const [worker, sender] = [lab.process(contestant), lab.process(contestant)];
      await worker.ask('consume', { concurrency: 50 });
      await sender.ask('send', { n: 50, bytes: 100, how: 'one by one' });
      await arrived(50);
      await sender.ask('pace', { n, perSecond: rate });
      await arrived(50 + n);
      const { latenciesUs } = await worker.ask('stop');
      latenciesUs.sort((a, b) => a - b);
      return {
        p50Us: percentile(latenciesUs, 0.5),
        p99Us: percentile(latenciesUs, 0.99),
        p999Us: percentile(latenciesUs, 0.999),
      };

      function arrived(wanted: number) {
        const all = async () => (await worker.ask('counted')).n >= wanted;
        return until(`${wanted} marbles are handled`, all, { deadlineMs: 120_000, everyMs: 50 });
      }
    },
  };
}
