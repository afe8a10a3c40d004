/**
 * A marble that kills every worker that takes it dies itself, and stops nobody else.
 */
import { afterAll, expect, test } from '@jest/globals';
import { Program, freshBus, until } from '@marblerun/test-support';
import { Communicator } from 'marblerun/communicator';
import { Marble } from 'marblerun';

const bus = freshBus();
const communicator = new Communicator(bus);
const marble = new Marble(bus);
const MAX_ATTEMPTS = 3;

afterAll(async () => {
  await marble.close();
  await communicator.close();
});

test('a marble that kills every worker that takes it ends dead after maxAttempts, and the others go on', async () => {
  await marble.send('work', 'poison', { maxAttempts: MAX_ATTEMPTS });
  for (let i = 0; i < 20; i++) await marble.send('work', `good ${i}`);

  let killed = 0;
  const worker = new URL('victim.js', import.meta.url).pathname;
  const { redis, run } = bus as { redis: string; run: string };
  const finished: string[] = [];
  let program: Program | undefined;
  await until(
    'all good ones are finished and the poison is dead',
    async () => {
      if (!program?.running) {
        if (program) {
          killed++;
          finished.push(...program.lines);
        }
        program = new Program(worker, { args: [redis, run] });
      }
      await communicator.recovery.sweep(MAX_ATTEMPTS);
      return (await communicator.graveyard.count()) === 1 && finished.length + program.lines.length >= 20;
    },
    { deadlineMs: 60_000, everyMs: 50 },
  );
  finished.push(...program!.lines);
  await program!.kill();

  expect(killed).toBe(MAX_ATTEMPTS);
  const [dead] = await communicator.graveyard.list();
  expect(dead).toMatchObject({ queue: 'work', reason: { why: 'dropped', attempts: MAX_ATTEMPTS } });
  expect(dead?.envelope?.data.toString()).toBe('"poison"');
  expect(new Set(finished).size).toBe(20);
}, 90_000);
