/**
 * Reads the large data of a marble in hand. What may go wrong: they are not there. Then the marble is given back as one
 * whose data are missing, and Redis decides: it is dead, or somebody else has ended it.
 */
import { MarbleRunError, isMarbleRunError } from '../../errors.js';
import { dataMissing, type LargeDataReader } from '../data/large-data.js';
import type { Envelope } from '../data/envelope.js';
import type { Decode, Held, Loaded } from './held.js';

/** Throws MR_DATA_MISSING, MR_LEASE_LOST: the marble is not ours any more. */
export async function loadHeld(largeData: LargeDataReader, held: Held, decode: Decode): Promise<void> {
  const { id, large } = held.envelope;
  if (!large || !held.holder) return;
  held.loaded = await largeData.decoded(large, (bytes) => loaded(held.envelope, bytes, decode));
  if (held.loaded !== undefined) return;
  const given = await held.holder.giveBack([{ held, verdict: 'missing', delayMs: 0 }]);
  const isDead = !given.forgotten && given.dead.has(held.receipt);
  throw isDead ? dataMissing(id, large) : notOurs(held);
}

/** True for an error of `loadHeld` after which the marble is dead, or not ours: there is nothing left to do with it. */
export function hasEnded(error: unknown): boolean {
  return isMarbleRunError(error, 'MR_DATA_MISSING') || isMarbleRunError(error, 'MR_LEASE_LOST');
}

/** JSON needs no bytes of its own; whoever gets bytes may keep them. */
function loaded(envelope: Envelope, bytes: Buffer, decode: Decode): Loaded {
  try {
    return { data: decode({ ...envelope, data: envelope.type === 'j' ? bytes : Buffer.from(bytes) }) };
  } catch (error) {
    return { error };
  }
}

/** The error of a marble whose data somebody else has deleted with its end, or that was given back. */
function notOurs({ queue, envelope }: Held): MarbleRunError {
  const message = `marble ${envelope.id} of queue ${queue}: its data are gone, and so is its lease`;
  return new MarbleRunError('MR_LEASE_LOST', message);
}
