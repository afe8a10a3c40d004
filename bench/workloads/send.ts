/** Sending, by one process; and what a marble that waits costs Redis in memory. */
import type { Requests } from '../protocol.js';
import { marblesOf, perMarble, type Row, type Size, type Workload } from './workload.js';

export interface SendOptions extends Row, Size {
  readonly how: Requests['send']['how'];
  readonly bytes?: number;
}

export function send({ marbles, mostWeight, how, bytes = 100, ...row }: SendOptions): Workload {
  return {
    ...row,
    async measure(lab, { name: contestant, weight }) {
      const n = marblesOf({ marbles, mostWeight }, weight);
      const warmUp = Math.ceil(n / 2);
      const sender = lab.process(contestant);
      await sender.ask('send', { n: warmUp, bytes, how }); // connects, and is compiled
      const before = await lab.use();
      let us = 0;
      const cost = await lab.cost([sender], async () => {
        us = (await sender.ask('send', { n, bytes, how })).us;
      });
      const waitingBytes = ((await lab.use()).memory - before.memory) / n;
      const waiting = await sender.ask('waiting');
      if (waiting !== warmUp + n) throw new Error(`${contestant}: ${warmUp + n} were sent, ${waiting} are there`);
      return { ...perMarble(cost, n, us), waitingBytes };
    },
  };
}
