/**
 * Why a batch cannot be sent to, opened in, sealed or cancelled, as scripts say it, in words.
 */
import { MarbleRunError } from '../errors.js';

export type Closed = 'unknown' | 'complete' | 'cancelled' | 'sealed';

const WHY: Record<Closed, string> = {
  unknown: 'there is none of this id: it was forgotten, or this Redis has lost it',
  complete: 'it is complete, and nothing can be sent to it any more',
  cancelled: 'it is cancelled, and nothing can be sent to it any more',
  sealed: 'it is sealed: only its own marbles may send to it',
};

/** Nothing was done. `id`: of the batch. */
export function batchClosed([id, why]: readonly [id: string, why: Closed]): MarbleRunError {
  return new MarbleRunError(why === 'unknown' ? 'MR_NOT_FOUND' : 'MR_BATCH_CLOSED', `batch ${id}: ${WHY[why]}`);
}
