/** Who takes part. */
import { beeQueue } from './bee-queue.js';
import { bullmq } from './bullmq.js';
import type { Contestant } from './contestant.js';
import { floorOf } from './floor.js';
import { groupmq } from './groupmq.js';
import { marblerun, marblerunForms } from './marblerun.js';

export const CONTESTANTS: readonly Contestant[] = [
  marblerun,
  bullmq,
  beeQueue,
  groupmq,
  floorOf('floor', 0),
  floorOf('floor, batches of 500', 500),
  floorOf('floor, routing three', 0, ['one', 'two', 'three']),
  ...marblerunForms,
];

/** The contestants that take part where a workload does not name its own. */
export const USUAL: readonly string[] = CONTESTANTS.map(({ name }) => name).filter(
  (name) => !/^MarbleRun,|routing three$/.test(name),
);

export function contestant(name: string): Contestant {
  const found = CONTESTANTS.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`no contestant "${name}"; there are: ${CONTESTANTS.map((one) => one.name).join(', ')}`);
  return found;
}
