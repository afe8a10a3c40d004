/**
 * Checks whether the event loop of this container's worker is alive, for a liveness probe. Exits 0 or 1.
 *
 * A loop is alive when it ran within the time that a marble may take (WORKER_TIME_LIMIT_MS, and a margin): a worker
 * that computes within its limit is busy. The check asks no Redis, since a restart cannot bring Redis back. A handler
 * that waits for ever does not block the loop: the time limit takes its marble back. What may go wrong: there is no
 * pulse at all; then the worker is not alive.
 */
import { readPulse } from './worker-pulse.js';

const MARGIN_MS = 5000;
const limitMs = Number(process.env['WORKER_TIME_LIMIT_MS'] || 600_000);
const allowedMs = limitMs + MARGIN_MS;

try {
  const silentMs = Date.now() - readPulse().at;
  if (!(silentMs <= allowedMs)) {
    console.error(`the event loop has been blocked for ${silentMs} ms; allowed: ${allowedMs}`);
    process.exitCode = 1;
  }
} catch (error) {
  console.error(`no pulse: ${(error as Error).message}`);
  process.exitCode = 1;
}
