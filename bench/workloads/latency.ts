/** From the call of `send` in one process to the handler in another. */
import { handled, settled } from './handled.js';
import type { Row, Workload } from './workload.js';

/** Without load one goes each 5 ms. */
const EVERY_MS = 5;

export interface LatencyOptions extends Row {
  readonly seconds: number;
  /** Before what counts: the first seconds are those of compilers. */
  readonly warmUpSeconds: number;
  /** The load; absent: as good as none. */
  readonly perSecond?: (contestant: string) => number;
}

export function latency({ seconds, warmUpSeconds, perSecond, ...row }: LatencyOptions): Workload {
  return {
    ...row,
    async measure(lab, { name: contestant }) {
      const rate = perSecond?.(contestant) ?? 1000 / EVERY_MS;
      const [warmUp, n] = [Math.ceil(warmUpSeconds * rate), Math.ceil(seconds * rate)];
      const [worker, sender] = [lab.process(contestant), lab.process(contestant)];
      await worker.ask('consume', { concurrency: 50 });
      const pass = async (size: number, total: number) => {
        await (perSecond
          ? sender.ask('pace', { n: size, perSecond: rate })
          : sender.ask('drip', { n: size, everyMs: EVERY_MS }));
        await handled([worker], total);
      };
      await pass(warmUp, warmUp);
      await worker.ask('measure');
      const { serverCpuUs, nodeCpuUs } = await lab.cost([worker, sender], () => pass(n, warmUp + n));
      const latencies = await settled([worker], { n: warmUp }, { n });
      return { serverCpuUs: serverCpuUs / n, nodeCpuUs: nodeCpuUs / n, ...latencies };
    },
  };
}
