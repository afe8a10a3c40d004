/**
 * JSON logs on standard output. They hold ids and numbers, never payloads; anything that could be a secret is cut out.
 */
import { pino, stdSerializers, type Logger } from 'pino';

export type { Logger };

export function createLogger(service: string, level: string): Logger {
  return pino({
    level,
    base: { service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { req: shownRequest, err: shownError },
    redact: { paths: ['*.password', '*.token'], censor: '[redacted]' },
  });
}

interface Request {
  readonly method: string;
  readonly url: string;
  readonly ip: string;
}

/** Shows a request without its query, since people put there what belongs into a header. */
function shownRequest({ method, url, ip }: Request) {
  return { method, url: url.split('?', 1)[0], remoteAddress: ip };
}

/** Shows an error without its extra fields, which may hold commands with passwords or packets with tokens. */
function shownError(error: unknown) {
  if (!(error instanceof Error)) return { message: String(error) };
  const { type, message, stack } = stdSerializers.err(error);
  return { type, message, stack, code: (error as NodeJS.ErrnoException).code };
}
