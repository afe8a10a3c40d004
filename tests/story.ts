/**
 * A story that needs something of the machine. Where that is missing, the story is skipped, with its name and the
 * reason.
 */
import { describe } from '@jest/globals';

/** Tells a story, or skips it. `missing` is the reason why it cannot be told here; empty where it can. */
export function story(name: string, missing: string, tell: () => void): void {
  if (missing === '') {
    describe(name, tell);
    return;
  }
  process.stderr.write(`SKIPPED: ${name}, because ${missing}\n`);
  describe.skip(`${name}, SKIPPED because ${missing}`, tell);
}
