/** Who takes part. */
import { beanstalkd } from './beanstalkd.js';
import { beeQueue } from './bee-queue.js';
import { bullmq, bullmqLoop } from './bullmq.js';
import { bunqueue } from './bunqueue.js';
import type { Contestant } from './contestant.js';
import { floorOf } from './floor.js';
import { floorGet, floorGetAndUnlink, floorSend, floorStep } from './floor-forms.js';
import { graphileWorker, graphileWorkerLoop } from './graphile-worker.js';
import { groupmq } from './groupmq.js';
import { marblerun, marblerunForms } from './marblerun.js';
import { nats, natsLoop } from './nats.js';

export const CONTESTANTS: readonly Contestant[] = [
  marblerun,
  ...marblerunForms,
  bullmq,
  bullmqLoop,
  beeQueue,
  groupmq,
  bunqueue,
  graphileWorker,
  graphileWorkerLoop,
  beanstalkd,
  nats,
  natsLoop,
  floorOf('floor', 0),
  floorOf('floor, batches of 500', 500),
  floorOf('floor, routing three', 0, ['one', 'two', 'three']),
  floorSend,
  floorStep,
  floorGet,
  floorGetAndUnlink,
];

export function contestant(name: string): Contestant {
  const found = CONTESTANTS.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`no contestant "${name}"; there are: ${CONTESTANTS.map((one) => one.name).join(', ')}`);
  return found;
}
