/**
 * Prints the answers that come home to its run, as many as it is told to wait for, and ends.
 *
 *     MARBLERUN_RUN=north node collect.js 2
 *
 * What you should see: each number that was sent on this run, once, and which node factored it.
 */
import { Marble } from 'marblerun';
import type { Queues } from './factors.js';

const home = process.env['MARBLERUN_RUN'] ?? 'main';
const marble = new Marble<Queues>();
for (let left = Number(process.argv[2]); left > 0; left--) {
  const { number, factors, by } = await marble.wait(`answers-${home}`);
  console.log(`${number} = ${factors.join(' x ')}, by ${by}`);
  await marble.finish();
}
await marble.close();
