/**
 * A worker of the big batch. It notes each `then` that it works on, and goes on until SIGTERM, or until it is killed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Marble, isMarbleRunError } from 'marblerun';
import { FAN_OUT, LEASE_MS, type Queues } from './plan.js';

const marble = new Marble<Queues>({ leaseMs: LEASE_MS });
const options = { concurrency: 50, onError };
/** Work takes a moment, so that a kill strikes in the middle of it. */
const moment = () => sleep(Math.random() * 10);

marble.work(
  'a',
  async (n, held) => {
    for (let i = 0; i < FAN_OUT; i++) held.send('b', n);
    await moment();
  },
  options,
);
marble.work(
  'b',
  async (n, held) => {
    await moment();
    held.send('c', n);
  },
  options,
);
marble.work('c', moment, options);
marble.work('done', (_, { id }) => console.log(`then ${id}`), options);

/** A refused result is expected: this worker may have been given up while Redis was away. */
function onError(error: unknown): void {
  if (!isMarbleRunError(error, 'MR_LEASE_LOST')) console.error(error);
}

process.once('SIGTERM', () => void marble.close());
console.log('started');
