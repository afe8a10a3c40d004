/** Marbles that are sent and handled at once, by pairs of a sender and a worker, each in a process of its own. */
import type { Lab } from '../lab.js';
import type { Requests } from '../protocol.js';
import type { Part } from '../servers/server.js';
import { handled, settled } from './handled.js';
import { marblesOf, perMarble, type Figures, type Row, type Size, type Workload } from './workload.js';

const BYTES = 100;

export interface FlowOptions extends Row, Size {
  /** Default: 1. */
  readonly pairs?: number;
  /** The runs that the pairs share among them. Default: 1. */
  readonly runs?: number;
  /** Default: 100 at a time, each awaited. */
  readonly how?: Requests['send']['how'];
}

/**
 * Measures them as fast as all go together and go on. As many go before what counts, for what cold processes reach is
 * half of that or less.
 */
export function flow({ marbles, mostWeight, pairs = 1, runs = 1, how = 100, ...row }: FlowOptions): Workload {
  return {
    ...row,
    async measure(lab, { name: contestant, weight }): Promise<Figures> {
      const n = Math.ceil(marblesOf({ marbles, mostWeight }, weight) / pairs);
      const places = placesOf(lab, pairs, runs);
      const [workers, senders] = [places, places].map((side) => side.map((part) => lab.process(contestant, part)));
      await Promise.all(workers!.map((worker) => worker.ask('consume', { concurrency: 50 })));
      const pass = async (passes: number) => {
        const sent = Promise.all(senders!.map((sender) => sender.ask('send', { n, bytes: BYTES, how })));
        await Promise.all([handled(workers!, passes * pairs * n), sent]);
      };
      await pass(1);
      const cost = await lab.cost([...workers!, ...senders!], () => pass(2));
      await settled(workers!, ...Array.from({ length: 2 * pairs }, () => ({ n, bytes: BYTES })));
      return { ...perMarble(cost, pairs * n), serverCpuShare: (100 * cost.serverCpuUs) / cost.us };
    },
  };
}

/** The run of each pair; nothing where all are in the default one, the only one that other contestants know. */
function placesOf(lab: Lab, pairs: number, runs: number): (Part | undefined)[] {
  const parts = runs > 1 ? lab.runs(runs) : [undefined];
  return Array.from({ length: pairs }, (_, pair) => parts[pair % parts.length]);
}
