/** Does a marble cost more when there is much else in the run: queues, or holders that wait? */
import { Communicator, encodeEnvelope, newId, type Output } from 'marblerun/communicator';
import { consume } from './consume.js';
import type { Workload } from './workload.js';

const MARBLES = 20_000;
const PER_PROCESS = 1000;

/** `queues` others hold a marble each. */
export function amongQueues(name: string, queues: number): Workload {
  const work = consume(name, { marbles: MARBLES / 5, concurrency: 50 });
  return {
    name,
    contestants: ['MarbleRun'],
    once: true,
    async measure(lab, contestant) {
      const bus = new Communicator({ redis: lab.url });
      for (let from = 0; from < queues; from += 1000) {
        const some = Array.from({ length: Math.min(1000, queues - from) }, (_, i) => other(from + i));
        await bus.push(some);
      }
      await bus.close();
      const { redisCpuUs, commands } = await work.measure(lab, contestant);
      return figures({ redisCpuUs, commands });
    },
  };
}

/** `holders` others wait, in processes of up to a thousand. */
export function amongHolders(name: string, holders: number): Workload {
  const work = consume(name, { marbles: MARBLES / 5, concurrency: 50 });
  return {
    name,
    contestants: ['MarbleRun'],
    once: true,
    async measure(lab, contestant) {
      for (let left = holders; left > 0; left -= PER_PROCESS) {
        await lab.process(contestant.name).ask('idle', { holders: Math.min(PER_PROCESS, left), heartbeat: 'thread' });
      }
      const { redisCpuUs, commands } = await work.measure(lab, contestant);
      return figures({ redisCpuUs, commands });
    },
  };
}

function other(n: number): Output {
  const header = { id: newId(), attempt: 0, sentAt: Date.now(), type: 'j' } as const;
  return { kind: 'back', queue: `other-${n}`, envelope: encodeEnvelope(header, '1') };
}

function figures(all: { redisCpuUs: number | undefined; commands: number | undefined }) {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
