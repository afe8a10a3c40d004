/**
 * Walks through a registry (a sorted set of names by date) in steps, so that no step takes Redis long and no caller has
 * all names at once.
 *
 * A date only grows. A name that moves meanwhile is therefore still ahead and is not missed; it may come twice.
 */
import type { Connection } from '../redis/connection.js';

/**
 * Names in a step. It takes Redis a millisecond or less, and each step is a round trip, so there must not be too many.
 */
const STEP = 500;

export async function* stepsOf(connection: Connection, registry: string): AsyncGenerator<string[]> {
  for (let from = '-inf'; ;) {
    const flat = await connection.run((redis) =>
      redis.zrangebyscore(registry, from, '+inf', 'WITHSCORES', 'LIMIT', 0, STEP),
    );
    if (flat.length > 0) yield flat.filter((_, i) => i % 2 === 0);
    if (flat.length < 2 * STEP) return;
    const [first, last] = [flat[1]!, flat.at(-1)!];
    if (first === last) yield await connection.run((redis) => redis.zrangebyscore(registry, last, last));
    from = first === last ? `(${last}` : last; // this step may lack some of the last date
  }
}
