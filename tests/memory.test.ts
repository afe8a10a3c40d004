/** Memory: no process grows with the number of marbles that it has handled, also while more of them wait. */
import { afterEach, expect, test } from '@jest/globals';
import { Program, freshBus } from '@marblerun/test-support';

const PROGRAM = new URL('programs/memory.js', import.meta.url).pathname;
let program: Program | undefined;

afterEach(() => program?.kill());

test.each([
  ['loop', 20_000],
  ['sends, one at a time', 20_000],
  ['sends, 50 at a time', 40_000],
  ['handler', 40_000],
  ['handler that sends', 40_000],
  ['handler with a time limit', 20_000],
  ['several queues', 40_000],
  ['members of a batch', 40_000],
  ['large data', 4000],
  ['lane', 20_000],
])('%s: %i marbles leave nothing behind', async (way, marbles) => {
  const bus = freshBus();
  const env = { MARBLERUN_REDIS: bus.redis, MARBLERUN_RUN: bus.run };
  program = new Program(PROGRAM, { args: [way, String(marbles)], env });
  expect([await program.exited, program.errors.filter((line) => !/Warning|trace-warnings/.test(line))]).toEqual([
    { code: 0, signal: null },
    [],
  ]);
  const [early, late] = program.lines.map(Number);
  // A marble that stays takes 500 bytes at the least. What code and caches take meanwhile is some 0.3 MB.
  expect(late! - early!).toBeLessThan(1_000_000 + (marbles / 2) * 20);
});
