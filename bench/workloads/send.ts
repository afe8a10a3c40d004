/** Sending, by one process; and what a marble that waits costs Redis in memory. */
import type { Requests } from '../protocol.js';
import type { Process } from '../process.js';
import { marblesOf, perMarble, type Row, type Size, type Workload } from './workload.js';

export interface SendOptions extends Row, Size {
  readonly how: Requests['send']['how'];
  readonly bytes?: number;
  /** Sends for so long before what counts, and at least half as many as count. Default: these only. */
  readonly warmUpMs?: number;
}

export function send({ marbles, mostWeight, how, bytes = 100, warmUpMs = 0, ...row }: SendOptions): Workload {
  return {
    ...row,
    async measure(lab, { name: contestant, weight }) {
      const n = marblesOf({ marbles, mostWeight }, weight);
      const sender = lab.process(contestant);
      const all = { n, bytes, how };
      const warmUp = await sendFor(warmUpMs, sender, { ...all, n: Math.ceil(n / 2) });
      const before = await lab.use();
      let us = 0;
      const cost = await lab.cost([sender], async () => {
        us = (await sender.ask('send', all)).us;
      });
      const waitingBytes = ((await lab.use()).memory - before.memory) / n;
      const waiting = await sender.ask('waiting');
      if (waiting !== warmUp + n) throw new Error(`${contestant}: ${warmUp + n} were sent, ${waiting} are there`);
      return { ...perMarble(cost, n, us), waitingBytes };
    },
  };
}

/** Sends for at least `ms`, and at least once. Returns how many were sent. */
async function sendFor(ms: number, sender: Process, marbles: Requests['send']): Promise<number> {
  const started = performance.now();
  let sent = 0;
  do {
    await sender.ask('send', marbles);
    sent += marbles.n;
  } while (performance.now() - started < ms);
  return sent;
}
