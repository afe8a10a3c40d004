/**
 * Reports an error to the user's `onError`, whatever that does. An `onError` that throws, or returns a promise that
 * rejects, costs its worker no place and ends no process. The default is a warning with the stack of the error itself.
 */
import { describeError } from './described-error.js';

/** The marble that failed. */
/** The marble that an error is about; of no marble, the id is empty. */
export interface AboutMarble {
  readonly id: string;
  readonly queue: string;
  readonly attempt: number;
}

export type OnError = (error: unknown, marble: AboutMarble) => unknown;

export function safeOnError(onError: OnError = warn): OnError {
  return (error, marble) => {
    const failed = (trouble: unknown) =>
      warnOf('MR_ON_ERROR', `onError threw when it was called for ${named(marble)}`, trouble);
    try {
      const result = onError(error, marble);
      if (result instanceof Promise) result.catch(failed);
    } catch (trouble) {
      warn(error, marble); // otherwise nobody would know of it
      failed(trouble);
    }
  };
}

function warn(error: unknown, marble: AboutMarble): void {
  warnOf('MR_WORK', named(marble), error);
}

function warnOf(code: string, what: string, error: unknown): void {
  const { message, stack } = describeError(error);
  process.emitWarning(`${what}: ${message}`, {
    type: 'MarbleRunWarning',
    code,
    ...(stack !== undefined && { detail: String(stack) }),
  });
}

function named({ id, queue, attempt }: AboutMarble): string {
  return `marble ${id} of queue ${queue}, attempt ${attempt}`;
}
