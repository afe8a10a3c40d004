/** Sending, by one process; and what a marble that waits costs Redis in memory. */
import type { Requests } from '../protocol.js';
import { perMarble, type Workload } from './workload.js';

const PAYLOAD = 100;

export function send(name: string, how: Requests['send']['how'], marbles: number, bytes = PAYLOAD): Workload {
  return {
    name,
    async measure(lab, { name: contestant, weight }) {
      const n = Math.ceil(marbles * (how === 'one by one' ? 1 : weight));
      const sender = lab.process(contestant);
      await sender.ask('send', { n: Math.ceil(n / 2), bytes, how }); // connects, and is compiled
      const before = await lab.use();
      let us = 0;
      const cost = await lab.cost([sender], async () => {
        us = (await sender.ask('send', { n, bytes, how })).us;
      });
      const waitingBytes = ((await lab.use()).memory - before.memory) / n;
      return { ...perMarble(cost, n, us), waitingBytes };
    },
  };
}
