/**
 * Moves or deletes all that waits in a queue, however much it is, without holding Redis up.
 *
 * Each call has a name of its own and numbers its steps under it. Redis keeps for an hour what the last step did. A
 * step that is repeated because its reply was lost gets the same answer again, and nothing is done twice.
 */
import type { Connection } from '../redis/connection.js';
import { newId } from '../data/envelope.js';
import { KnownData } from '../data/known-data.js';
import { checkName, type RunKeys } from '../redis/keys.js';
import { callScript } from '../redis/scripts.js';

const STEP = { marbles: 1000, bytes: 1_048_576 } as const;
const REMEMBER_MS = 3_600_000;

/** Moves up to `count` of the marbles that are there now. Returns how many. */
export async function transfer(
  connection: Connection,
  keys: RunKeys,
  [from, to]: readonly [from: string, to: string],
  count: number,
): Promise<number> {
  const [source, target] = [keys.queue(checkName('queue', from)), keys.queue(checkName('queue', to))];
  const named = { sender: keys.sender(newId()), source, target, wake: keys.wake(to) };
  const fixed = { rememberMs: REMEMBER_MS, from, to, mostBytes: STEP.bytes };
  const most = Math.min(count, await connection.run((redis) => redis.llen(source)));
  let moved = 0;
  for (let number = 1; moved < most; number++) {
    const args = { ...fixed, number, most: Math.min(STEP.marbles, most - moved) };
    const n = await connection.run((redis) => callScript(redis, keys, 'transfer', { keys: named, args }));
    if (n === 0) break;
    moved += n;
  }
  return moved;
}

/** Deletes all that waits. Returns how many marbles there were. */
export async function destroy(connection: Connection, keys: RunKeys, queue: string): Promise<number> {
  const named = { sender: keys.sender(newId()), list: keys.queue(checkName('queue', queue)) };
  const fixed = { rememberMs: REMEMBER_MS, queue, most: STEP.marbles, mostBytes: STEP.bytes };
  const known = new KnownData(keys);
  let deleted = 0;
  for (let number = 1; ;) {
    const call = { keys: named, args: { ...fixed, number }, moreKeys: known.keys, moreArgs: known.args };
    const [n, more, ...unknown] = await connection.run((redis) => callScript(redis, keys, 'destroy', call));
    if (known.learn(unknown)) continue;
    known.clear();
    number++;
    deleted += n;
    if (more !== '1') return deleted;
  }
}
