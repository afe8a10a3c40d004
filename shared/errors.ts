/**
 * The errors that users see: one class, one list of stable codes.
 *
 * Match on `code`, never on the message: messages name the field, the value and what is
 * allowed, and may be improved at any time; a code stays.
 */

/** Every code, with what it means. The documentation and the tests read this table. */
export const ERROR_CODES = {
  MR_BAD_OPTION: 'an option is unknown, of the wrong type, or out of range',
  MR_BAD_NAME: 'a queue, run or lane name has characters that are not allowed, or is too long',
  MR_BAD_CONFIG: 'the configuration of a service has mistakes; all of them are listed',
  MR_BAD_LANES: 'the lanes of an Elevator are wrong: a loop to itself, an unknown run, a duplicate name',
  MR_DATA_UNENCODABLE:
    'the data cannot be encoded: JSON would lose a part of it, or a codec or toJSON failed; nothing was sent',
  MR_DATA_UNREADABLE: 'what lies in the queue is not an envelope, or its data cannot be decoded',
  MR_DATA_TOO_LARGE: 'the encoded data is over the limit; nothing was sent',
  MR_DATA_MISSING:
    'large data are not in Redis any more: evicted or deleted by hand, and their marble is dead; or so soon that they could not be sent',
  MR_ITEMS_FAILED: 'the items given to sendMany threw; those before are sent',
  MR_NOTHING_HELD:
    'finish or fail was called and no marble is held, or something was sent with a marble whose handler has ended',
  MR_TOO_MANY_OUTPUTS:
    'a marble sends more with its finish than one step of Redis may carry: 10,000 outputs, or 16 MiB of several',
  MR_CLOSED: 'the Marble is closed',
  MR_BUSY: 'a second wait was called while one is under way on the same Marble',
  MR_LEASE_LOST: 'the lease passed before this was finished: the marble is or will be handed out again',
  MR_TIME_LIMIT: 'the marble took longer than its time limit and is taken back',
  MR_REDIS_UNAVAILABLE: 'Redis did not answer within the time given',
  MR_REDIS_AUTH:
    'Redis refused the user name or password, the user may not run a command, or Redis is in protected mode',
  MR_REDIS_TLS: 'the TLS handshake with Redis failed: a certificate is missing, unknown or out of date',
  MR_REDIS_READONLY: 'this Redis is a replica and takes no writes',
  MR_REDIS_FULL: 'Redis is over its maxmemory and refuses writes; nothing was sent',
  MR_REDIS_WRONG_TYPE: 'a key of the run holds something of another type; the message names the key',
  MR_TOO_FEW_REPLICAS: 'fewer replicas than asked for have acknowledged in time; what was sent is at the primary',
  MR_REDIS_TOO_OLD: 'this Redis is older than 7.0',
  MR_REDIS_REPLY: 'Redis answered with an error that MarbleRun does not know',
  MR_DOCKER_UNAVAILABLE: 'the Docker engine or its proxy did not answer, or what answered is none',
  MR_DOCKER_REFUSED: 'the Docker engine or its proxy refused a request; the message has its reason',
  MR_LAYOUT: 'the run was written by a version of MarbleRun with another layout; nothing was touched',
  MR_NOT_FOUND: 'there is no such run, queue, batch or dead letter',
  MR_BATCH_CLOSED: 'the batch is sealed, cancelled or complete, so this cannot be sent to it; nothing was sent',
  MR_BATCH_OTHER: 'a batch of this name already exists with other settings; the message says which differ',
  MR_BATCH_SHORT: 'fewer marbles were sent to the batch than it was said to have; it is not sealed',
  MR_BATCH_CANCELLED: 'the batch of this marble was cancelled: what comes of its work is not needed any more',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export class MarbleRunError extends Error {
  override readonly name = 'MarbleRunError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(`${message} (${code})`, options);
  }
}

/** True for a MarbleRunError, also one of another copy of this package; with `code`, only for that code. */
export function isMarbleRunError(error: unknown, code?: ErrorCode): error is MarbleRunError {
  if (!(error instanceof Error) || error.name !== 'MarbleRunError' || !('code' in error)) return false;
  return code === undefined || error.code === code;
}
