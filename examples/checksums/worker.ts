/**
 * Hashes files. It takes their paths from `files`, sends each outcome to the queue of its job, and elevates files
 * larger than BIG_BYTES to `big-files` of the upper run. It goes on until SIGTERM.
 *
 * What you should see: nothing; the job's progress bar moves. Kill it with -9 in the middle: its files are back after
 * three seconds, for the others.
 */
import { Marble } from 'marblerun';
import { outcomesOf, pathToBytes, type Queues } from './job.js';
import { sha256 } from './sha256.js';

const { MARBLERUN_RUN: run = 'main', BIG_BYTES = '65536' } = process.env;
const marble = new Marble<Queues>({ leaseMs: 3000 });

marble.work(
  'files',
  async (path, file) => {
    const sum = await sha256(pathToBytes(path), Number(BIG_BYTES), file.signal);
    if (sum) file.send(outcomesOf(file.batch), { path, ...sum, attempt: file.attempt, run });
    else file.elevate('big-files', path);
  },
  { concurrency: 16 },
);

process.once('SIGTERM', () => void marble.close());
