/**
 * Hashes, on the upper run, the files of any size that were too big below. An outcome goes down again by a lane, in the
 * same atomic step as the finish, so it also arrives once.
 */
import { Marble } from 'marblerun';
import { pathToBytes, type Queues } from './job.js';
import { sha256 } from './sha256.js';

const { MARBLERUN_RUN: run = 'main' } = process.env;
const marble = new Marble<Queues>({ leaseMs: 3000 });

marble.work(
  'big-files',
  async ({ path, job }, file) => {
    const sum = await sha256(pathToBytes(path), Infinity, file.signal);
    file.elevate(`outcomes/${job}`, { path, ...sum!, run });
  },
  { concurrency: 4 },
);

process.once('SIGTERM', () => void marble.close());
