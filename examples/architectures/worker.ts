/**
 * Factors the numbers of its own run from FROM to below TO, and elevates those that others shall do. An answer goes
 * back to the run that asked. Everything sent and elevated here is committed together with the finish of the marble, so
 * each number has one answer however often a worker is killed.
 *
 * What you should see: a line for each number that it begins with.
 */
import { hostname } from 'node:os';
import { Marble } from 'marblerun';
import { factorsOf, type Queues } from './factors.js';

const { MARBLERUN_RUN: here = 'main', NODE: by = hostname(), FROM = '0', TO = 'Infinity' } = process.env;

const marble = new Marble<Queues>({ leaseMs: 3000 }); // marbles of a killed worker are back after three seconds
marble.work('numbers', ({ number, home }, task) => {
  if (number < Number(FROM) || number >= Number(TO)) {
    console.log(`${number} is for others`);
    task.elevate('numbers', { number, home });
    return;
  }
  console.log(`${number} is begun`);
  const answer = { number, factors: factorsOf(number), by };
  if (home === here) task.send(`answers-${home}`, answer);
  else task.elevate(`answers-${home}`, answer);
});

process.once('SIGTERM', () => void marble.close());
