/**
 * Reads all open batches of a run in steps, for sums over them. It reads only what the sums are made of, which costs
 * Redis a small part of what whole states would.
 *
 * What may go wrong: batches are opened or completed between two steps. One may then be missed, or read twice. Reads
 * only.
 */
import type { Connection } from '../redis/connection.js';
import type { RunKeys } from '../redis/keys.js';
import { timeMs } from '../redis/redis-time.js';

export interface OpenBatch {
  readonly id: string;
  /** Members that are alive. A batch that is a member counts as one. */
  readonly left: number;
  /** A mark that changes with whatever happens to its members. */
  readonly mark: string;
  readonly dead: number;
  readonly isCancelled: boolean;
  /** How long ago it was opened. */
  readonly ageMs: number;
  /** The id of the batch that this batch is a member of. */
  readonly parent: string | undefined;
}

const STEP = 200;
const FIELDS = ['left', 'sealed', 'dead', 'cancel', 'since', 'parent', 'sent', 'failed'] as const;

export async function* openBatches(
  connection: Connection,
  keys: RunKeys,
): AsyncGenerator<OpenBatch[], void, undefined> {
  for (let offset = 0, read = STEP as number; read === STEP; offset += STEP) {
    const ends = await connection.run((redis) =>
      redis.zrange(keys.batchends, String(offset), String(offset + STEP - 1), 'REV', 'WITHSCORES'),
    );
    const ids = ends.filter((_, i) => i % 2 === 0 && ends[i + 1] === 'inf'); // open ones come first
    read = ids.length;
    if (read > 0) yield await readThem(connection, keys, ids);
  }
}

async function readThem(connection: Connection, keys: RunKeys, ids: readonly string[]): Promise<OpenBatch[]> {
  const fields = ids.flatMap((id) => FIELDS.map((what) => `${id} ${what}`));
  const [values, now] = await connection.run((redis) =>
    Promise.all([redis.hmget(keys.batches, ...fields), timeMs(redis)]),
  );
  return ids.flatMap((id, i) => {
    const [left, sealed, dead, cancel, since, parent, sent, failed] = values.slice(i * FIELDS.length);
    if (left === null || left === undefined) return []; // it was forgotten meanwhile
    return {
      ...{
        id,
        mark: [left, dead, sent, failed].join(' '),
        left: Math.max(0, Number(left) - (sealed ? 0 : 1)),
        dead: Number(dead ?? 0),
        parent: parent ?? undefined,
      },
      ...{ isCancelled: typeof cancel === 'string', ageMs: Math.max(0, now - parseInt(String(since))) },
    };
  });
}
