/**
 * All open batches of a run, for sums over them: read in steps, and of each only what sums are made of, which costs Redis a
 * small part of what a whole state does. Reads only.
 *
 * What may go wrong: batches are opened or completed between two steps; then one may be missed, or read twice.
 */
import type { Connection } from './connection.js';
import type { RunKeys } from './keys.js';
import { timeMs } from './redis-time.js';

export interface OpenBatch {
  readonly id: string;
  /** Members that are alive; a batch in it is one. */
  readonly left: number;
  /** Changes with whatever becomes of its members. */
  readonly mark: string;
  readonly dead: number;
  readonly isCancelled: boolean;
  /** How long ago it was opened. */
  readonly ageMs: number;
  /** The id of the batch that it is in. */
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
    const ids = ends.filter((_, i) => i % 2 === 0 && ends[i + 1] === 'inf'); // they come before those that end
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
    if (left === null || left === undefined) return []; // forgotten meanwhile
    return {
      ...{
        id,
        mark: [left, dead, sent, failed].join(' '),
        left: Math.max(0, Number(left) - (sealed ? 0 : 1)),
        dead: Number(dead ?? 0),
        parent: parent ?? undefined,
      },
      ...{ isCancelled: typeof cancel === 'string', ageMs: Math.max(0, now - Number(since)) },
    };
  });
}
