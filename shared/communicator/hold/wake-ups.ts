/**
 * Wake-ups of queues: what a holder that waits on several of them waits for (`lua/lib/wake.lua`).
 *
 * A wake-up is a hint that marbles may lie in a queue. What may go wrong: it is lost with whoever took it. Whoever looks at
 * these queues next, a listener or a Monitor, issues it again.
 */
import type { Redis } from 'ioredis';
import type { Connection } from '../redis/connection.js';
import type { RunKeys } from '../redis/keys.js';
import { callScript } from '../redis/scripts.js';

/** Queues in one step. It takes Redis less than a millisecond. */
const STEP = 500;

/**
 * Looks at queues: where marbles lie there is a wake-up afterwards, and elsewhere none. Notes for `keepMs` that they are
 * watched; with 0 it forgets those that nobody watches any more. Returns how many wake-ups were issued.
 */
export async function lookAt(redis: Redis, keys: RunKeys, queues: readonly string[], keepMs: number): Promise<number> {
  let issued = 0;
  for (let from = 0; from < queues.length; from += STEP) {
    const some = queues.slice(from, from + STEP);
    const moreKeys = [...some.map(keys.queue), ...some.map(keys.wake)];
    issued += await callScript(redis, keys, 'listen', { args: { keepMs }, moreKeys, moreArgs: some });
  }
  return issued;
}

/** Issues again what was lost, in all queues that are watched. Returns how many. */
export async function wakeAgain(connection: Connection, keys: RunKeys): Promise<number> {
  const queues = await connection.run((redis) => redis.hkeys(keys.watched));
  return connection.run((redis) => lookAt(redis, keys, queues, 0));
}
