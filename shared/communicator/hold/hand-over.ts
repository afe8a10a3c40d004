/**
 * Waits with one command, so that Redis hands a marble over to a holder the moment it is sent.
 *
 * The wait may last longer than the lease, which the heartbeat keeps. Nothing may come into the inbox of a holder that was
 * given up.
 * So a script goes first, on the same connection and in the same write: it notes who waits, and the Monitor ends that
 * wait before it takes back what a silent holder has (`recovery.ts`). What may go wrong: the reply is lost with the
 * connection. It is then not known whether a marble came, and the holder's next swap tells.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { isMarbleRunError } from '../../errors.js';
import type { Connection, Session } from '../redis/connection.js';
import type { RunKeys } from '../redis/keys.js';
import { verdictOn } from '../redis/redis-errors.js';
import { callScript } from '../redis/scripts.js';

const FULL_PAUSE_MS = 250;

/**
 * The holder whose wait each connection is noted for, unless its last wait was in vain: the Monitor may have ended that
 * one.
 */
const notedFor = new WeakMap<Redis, string>();

export interface Waiter {
  readonly id: string;
  readonly leaseMs: number;
  readonly queue: string;
  /** Receives the session as which Redis knows the connection, before anything waits on it. */
  readonly waitsAs: (session: Session | undefined) => void;
}

/**
 * Resolves with what was handed over; null where the time ran out; undefined where this is not known, or the holder was
 * given up. Unless it resolves with null or an envelope, something may still wait: call `Connection.end` on the session
 * before you look.
 */
export async function handOver(
  waiting: Connection,
  keys: RunKeys,
  holder: Waiter,
  ms: number,
): Promise<Buffer | null | undefined> {
  const { id, leaseMs, queue, waitsAs } = holder;
  try {
    return await waiting.run(async (redis, again) => {
      if (again) return undefined;
      waitsAs(waiting.session);
      const args = { holder: id, leaseMs, client: waiting.clientId };
      const note = callScript(redis, keys, 'wait', { keys: { holder: keys.holder(id) }, args });
      // The note goes alone where no swap came just before, and where Redis may not know the script yet: its text would
      // then arrive behind the command that waits.
      if (notedFor.get(redis) !== id && (await note) === 0) return undefined;
      notedFor.set(redis, id);
      const move = redis.blmoveBuffer(keys.queue(queue), keys.inbox(id, queue), 'RIGHT', 'LEFT', ms / 1000);
      const known = await note.catch((error: unknown) => error);
      if (known !== 1) {
        move.catch(() => undefined);
        redis.disconnect(); // from here on nothing may come
        if (known !== 0 && verdictOn(known).kind !== 'wait') throw known as Error;
        return undefined;
      }
      const envelope = await move;
      if (!envelope) notedFor.delete(redis);
      return envelope;
    });
  } catch (error) {
    // A full Redis refuses BLMOVE, while a swap still takes what waits. A pause keeps this from being asked all the
    // time.
    if (!isMarbleRunError(error, 'MR_REDIS_FULL')) throw error;
    await sleep(Math.min(ms, FULL_PAUSE_MS));
    return undefined;
  }
}
