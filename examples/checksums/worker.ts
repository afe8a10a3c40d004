/**
 * Hashes files: takes them from `files`, sends each outcome to the queue of its job, and elevates what is
 * larger than BIG_BYTES to `big-files` of the upper run. It goes on until SIGTERM.
 *
 * What is elevated leaves the batch of the job, which is one of this run. A ticket takes its place there, in the same
 * atomic step: it is left until the outcome has come down.
 *
 * What you should see: nothing; the job's progress bar moves. Kill it with -9 in the middle: what it
 * held is back after three seconds, for the others.
 */
import { Marble } from 'marblerun';
import { pathToBytes, type Queues } from './job.js';
import { sha256 } from './sha256.js';

const { MARBLERUN_RUN: run = 'main', BIG_BYTES = '65536' } = process.env;
const marble = new Marble<Queues>({ leaseMs: 3000 });

marble.work(
  'files',
  async ({ path, job }, file) => {
    const sum = await sha256(pathToBytes(path), Number(BIG_BYTES), file.signal);
    if (sum) file.send(`outcomes/${job}`, { path, ...sum, run });
    else {
      file.send(`above/${job}`, path);
      file.elevate('big-files', { path, job }, { batch: null });
    }
  },
  { concurrency: 16 },
);

process.once('SIGTERM', () => void marble.close());
