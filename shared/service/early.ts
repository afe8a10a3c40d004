/**
 * Ends a process that is told to stop before its service is there: at once and in order, since nothing has begun.
 *
 * This file is imported before all that takes long to load, and imports nothing itself. As process 1 of a container, a
 * process loses a signal that nobody listens to yet, and is killed when its grace period is over.
 */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const end = () => process.exit(0);

export function endAtSignals(): void {
  for (const signal of SIGNALS) process.on(signal, end);
}

/** Stops listening, for code that listens to signals from now on. */
export function leaveSignals(): void {
  for (const signal of SIGNALS) process.off(signal, end);
}
