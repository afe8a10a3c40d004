/** Does a marble cost more when many wait behind it? And does a process that streams many need more memory? */
import { until } from '@marblerun/test-support';
import { perMarble, type Workload } from './workload.js';

const WORKED_OFF = 20_000;

export function backlog(name: string, waiting: number): Workload {
  return {
    name,
    contestants: ['MarbleRun'],
    mostRounds: 1,
    async measure(lab, { name: contestant }) {
      const n = Math.min(WORKED_OFF, waiting);
      const sender = lab.process(contestant);
      const before = await lab.use();
      await sender.ask('send', { n: waiting, bytes: 100, how: 'stream' });
      const peakMiB = (await sender.ask('peak')) / 2 ** 20;
      const waitingBytes = ((await lab.use()).memory - before.memory) / waiting;
      await sender.end();
      const worker = lab.process(contestant);
      let done = n;
      const cost = await lab.cost([worker], async () => {
        await worker.ask('consume', { concurrency: 50 });
        done = (
          await until('they are handled', async () => {
            const counted = await worker.ask('counted');
            return counted.n >= n && counted;
          })
        ).n;
        if (waiting === n) await worker.ask('stop');
      });
      return { serverCpuUs: perMarble(cost, done).serverCpuUs!, waitingBytes, peakMiB };
    },
  };
}
