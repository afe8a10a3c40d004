/** A story that needs something of the machine: where that is missing it is skipped, by name and aloud. */
import { describe } from '@jest/globals';

/** `missing`: why the story cannot be told here; empty where it can. */
export function story(name: string, missing: string, tell: () => void): void {
  if (missing === '') {
    describe(name, tell);
    return;
  }
  process.stderr.write(`SKIPPED: ${name}, because ${missing}\n`);
  describe.skip(`${name}, SKIPPED because ${missing}`, tell);
}
