/**
 * Sends numbers to its own run, for any worker that can factor them, and ends.
 *
 *     MARBLERUN_RUN=north node send.js 91 1001
 */
import { Marble } from 'marblerun';
import type { Queues } from './factors.js';

const home = process.env['MARBLERUN_RUN'] ?? 'main';
const marble = new Marble<Queues>();
await marble.sendMany(
  'numbers',
  process.argv.slice(2).map((text) => ({ number: Number(text), home })),
);
await marble.close();
