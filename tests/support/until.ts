/**
 * Waits in tests: for a condition, with a deadline; never for a time and a hope.
 */
import { setTimeout as sleep } from 'node:timers/promises';

export { sleep };

/**
 * Resolves with what `condition` returns as soon as that is truthy; an error that it throws counts as "not yet". Throws
 * after `deadlineMs`, with `what` it waited for and how the last look ended.
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  { deadlineMs = 20_000, everyMs = 10 } = {},
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    let seen: T | undefined;
    let trouble: unknown;
    try {
      seen = await condition();
    } catch (error) {
      trouble = error;
    }
    if (seen) return seen as Exclude<T, false | null | undefined>;
    if (Date.now() > deadline) {
      const last = trouble === undefined ? JSON.stringify(seen) : (trouble as Error).message;
      throw new Error(`not within ${deadlineMs} ms: ${what}; the last look gave ${last}`, { cause: trouble });
    }
    await sleep(everyMs);
  }
}
