/**
 * The error of a marble whose result was refused, or will be.
 */
import type { Held } from '../communicator/hold/held.js';
import { MarbleRunError } from '../errors.js';

export function leaseLost({ envelope, queue }: Held): MarbleRunError {
  return new MarbleRunError(
    'MR_LEASE_LOST',
    `marble ${envelope.id} of queue ${queue}: its lease or time limit passed, or it was taken back; its result is not accepted`,
  );
}
