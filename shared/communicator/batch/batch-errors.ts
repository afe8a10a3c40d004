/**
 * Turns a script's reason for refusing a batch into words: why it cannot be sent to, opened in, sealed or cancelled.
 */
import { MarbleRunError } from '../../errors.js';

export type Closed = 'unknown' | 'complete' | 'cancelled' | 'sealed';

const WHY: Record<Closed, string> = {
  unknown: 'there is no batch of this id: it was forgotten, or this Redis has lost it',
  complete: 'it is complete, and nothing can be sent to it any more',
  cancelled: 'it is cancelled, and nothing can be sent to it any more',
  sealed: 'it is sealed: only its own marbles may send to it',
};

/** The error for a command on a closed batch. Nothing was done. `id` is the id of the batch. */
export function batchClosed([id, why]: readonly [id: string, why: Closed]): MarbleRunError {
  return new MarbleRunError(why === 'unknown' ? 'MR_NOT_FOUND' : 'MR_BATCH_CLOSED', `batch ${id}: ${WHY[why]}`);
}
