/** Does a marble cost more when there is much else in the run: queues, or holders that wait? */
import { Communicator, encodeEnvelope, newId, type Output } from 'marblerun/communicator';
import type { Lab } from '../lab.js';
import { consume } from './consume.js';
import type { Workload } from './workload.js';

const MARBLES = 4000;
const PER_PROCESS = 1000;

/** Fills a run with what a workload is to find there. */
export type Prepare = (lab: Lab, contestant: string) => Promise<void>;

/** `queues` others hold a marble each. */
export function amongQueues(name: string, queues: number): Workload {
  return among(name, withQueues(queues));
}

/** `holders` others wait, in processes of up to a thousand. */
export function amongHolders(name: string, holders: number): Workload {
  return among(name, withHolders(holders));
}

export function withQueues(queues: number): Prepare {
  return async (lab) => {
    const bus = new Communicator({ redis: lab.url });
    for (let from = 0; from < queues; from += 1000) {
      await bus.push(Array.from({ length: Math.min(1000, queues - from) }, (_, i) => other(from + i)));
    }
    await bus.close();
  };
}

export function withHolders(holders: number): Prepare {
  return async (lab, contestant) => {
    for (let left = holders; left > 0; left -= PER_PROCESS) {
      await lab.process(contestant).ask('idle', { holders: Math.min(PER_PROCESS, left), heartbeat: 'thread' });
    }
  };
}

function among(name: string, prepare: Prepare): Workload {
  const row = { name, contestants: ['MarbleRun'] };
  const work = consume({ ...row, marbles: MARBLES, concurrency: 50 });
  return {
    ...row,
    mostRounds: 1,
    async measure(lab, contestant) {
      await prepare(lab, contestant.name);
      const { serverCpuUs = NaN, commands = NaN } = await work.measure(lab, contestant);
      return { serverCpuUs, commands };
    },
  };
}

function other(n: number): Output {
  const header = { id: newId(), attempt: 0, sentAt: Date.now(), type: 'j' } as const;
  return { kind: 'back', queue: `other-${n}`, envelope: encodeEnvelope(header, '1') };
}
