/** How long a failed marble waits: doubling from `retryBaseMs`, at most `retryMaxMs`, half of it by chance so that herds spread. */
export function backoffMs(attempt: number, options: { retryBaseMs: number; retryMaxMs: number }): number {
  const full = Math.min(options.retryMaxMs, options.retryBaseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full / 2 + (Math.random() * full) / 2);
}

const STACK_LIMIT = 2000;

/** An error as it is kept with a dead marble; never longer than some kilobytes. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error).slice(0, STACK_LIMIT) };
  const { name, message, stack } = error;
  const code = (error as NodeJS.ErrnoException).code;
  return {
    name,
    message: message.slice(0, STACK_LIMIT),
    ...(code === undefined ? {} : { code }),
    stack: stack?.slice(0, STACK_LIMIT),
  };
}
