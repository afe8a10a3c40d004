/**
 * Errors of a Docker engine, with codes of MarbleRun.
 */
import { MarbleRunError } from 'marblerun';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket',
  EACCES: 'this user may not use the socket',
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was closed',
};

/** Returns an error that says what could not be done, and why: the engine, or its proxy, refused, or nobody answered. */
export function engineError(what: string, cause: unknown): MarbleRunError {
  const {
    statusCode,
    code = '',
    message = String(cause),
  } = (cause ?? {}) as Partial<NodeJS.ErrnoException & { statusCode: number }>;
  const why = REASONS[code] ?? message.trim();
  return new MarbleRunError(
    statusCode === undefined ? 'MR_DOCKER_UNAVAILABLE' : 'MR_DOCKER_REFUSED',
    `docker: ${what}: ${why}`,
    { cause },
  );
}

/** The status by which an engine refused; undefined where it did not. */
export function statusOf(error: unknown): number | undefined {
  const { statusCode } = ((error as Error).cause ?? {}) as { statusCode?: number };
  return statusCode;
}
