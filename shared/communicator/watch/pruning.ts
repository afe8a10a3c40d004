/**
 * Forgets queues that nobody uses any more, with their counts, and removes invalid names from the registries.
 *
 * It looks at any number of queues in steps. The script that forgets a queue looks at it again first.
 */
import type { Connection } from '../redis/connection.js';
import { isName, type RunKeys } from '../redis/keys.js';
import type { QueueReader } from './queue-reader.js';
import { EVENTS } from './run-status.js';
import { callScript } from '../redis/scripts.js';

const STEP = 1000;

/** Forgets the queues that have been seen empty and still for `stillMs`. Returns how many. */
export async function prune(
  connection: Connection,
  keys: RunKeys,
  reader: QueueReader,
  stillMs: number,
): Promise<number> {
  await forgetMisnamed(connection, keys);
  let forgotten = 0;
  for await (const some of reader.queues()) {
    for (const { queue } of some.filter(({ depth, held }) => depth + held === 0)) {
      const named = { keys: { list: keys.queue(queue), outbox: keys.outbox(queue) }, args: { queue, stillMs } };
      forgotten += await connection.run((redis) => callScript(redis, keys, 'prune', { ...named, moreArgs: EVENTS }));
    }
  }
  return forgotten;
}

/** Removes names of keys that nobody could ask for. One that is missed because others move is found the next time. */
async function forgetMisnamed(connection: Connection, keys: RunKeys): Promise<void> {
  for (const registry of [keys.queues, keys.outboxes]) {
    for (let at = 0, read = STEP; read === STEP; at += STEP) {
      const names = await connection.run((redis) => redis.zrangeBuffer(registry, String(at), String(at + STEP - 1)));
      const misnamed = names.filter((name) => !isName('queue', name.toString('latin1')));
      if (misnamed.length > 0) await connection.run((redis) => redis.zrem(registry, ...misnamed));
      read = names.length;
    }
  }
}
