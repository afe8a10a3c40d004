/**
 * One command that waits: Redis hands a marble over to a holder the moment it is sent.
 *
 * A beat goes first, on the same connection and in the same write, so that nothing lands with a holder
 * that was given up. What may go wrong: the reply is lost with the connection; then it is not known
 * whether a marble landed, and the holder's next swap tells.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMarbleRunError } from '../errors.js';
import type { Connection } from './connection.js';
import type { RunKeys } from './keys.js';
import { callScript } from './scripts.js';

export interface HandedOver {
  /** 0 where the holder was given up: what landed is then not its to work on. */
  readonly known: number;
  /** Null where the time was over. */
  readonly envelope: Buffer | null;
}

const FULL_PAUSE_MS = 250;

/** Undefined where it is not known. */
export async function handOver(
  waiting: Connection,
  keys: RunKeys,
  holder: { readonly id: string; readonly leaseMs: number },
  queue: string,
  ms: number,
): Promise<HandedOver | undefined> {
  const { id, leaseMs } = holder;
  try {
    return await waiting.run(async (redis, again) => {
      if (again) return undefined;
      const beat = callScript(redis, 'beat', [keys.holders, keys.holder(id)], [id, leaseMs, '']) as Promise<number[]>;
      const move = redis.blmoveBuffer(keys.queue(queue), keys.landing(id, queue), 'RIGHT', 'LEFT', ms / 1000);
      const [envelope, known] = await Promise.all([move, beat]);
      return { known: known[0]!, envelope };
    });
  } catch (error) {
    // A full Redis refuses BLMOVE, and a swap takes what waits all the same: so that is not for ever asked at once.
    if (!isMarbleRunError(error, 'MR_REDIS_FULL')) throw error;
    await sleep(Math.min(ms, FULL_PAUSE_MS));
    return undefined;
  }
}
