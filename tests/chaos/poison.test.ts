/**
 * A marble that kills every worker that takes it dies itself, alone, and stops nobody else.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Program, freshBus, until, type Bus } from '@marblerun/test-support';
import { Communicator } from 'marblerun/communicator';
import { Marble } from 'marblerun';

const MAX_ATTEMPTS = 5;
let bus: Bus;
let communicator: Communicator;
let marble: Marble;

beforeEach(() => {
  bus = freshBus();
  communicator = new Communicator(bus);
  marble = new Marble({ ...bus });
});
afterEach(async () => {
  await marble.close();
  await communicator.close();
});

/** Keeps one worker alive, as whoever starts it again would, until `isOver`. Returns how often it died. */
async function restartUntil(isOver: () => Promise<boolean>, start: () => Program): Promise<number> {
  let deaths = 0;
  let program = start();
  await until(
    'the work is done and the poison is dead',
    async () => {
      if (!program.running) {
        deaths++;
        for (const { holder } of await communicator.status.holders()) await communicator.recovery.endLease(holder);
        await communicator.recovery.sweep(MAX_ATTEMPTS);
        program = start();
      }
      return isOver();
    },
    { deadlineMs: 60_000, everyMs: 20 },
  );
  await program.kill();
  return deaths;
}

const program = (name: string) => new URL(name, import.meta.url).pathname;
const counted = async (event: 'finished' | 'dead') =>
  (await communicator.show()).reduce((sum, { counts }) => sum + counts[event], 0);

test('in the loop form it is charged with each crash: dead after maxAttempts of them', async () => {
  await marble.send('work', 'poison', { maxAttempts: 3 });
  for (let i = 0; i < 20; i++) await marble.send('work', `good ${i}`);
  const start = () => new Program(program('victim.js'), { args: [bus.redis, bus.run] });
  const isOver = async () => (await counted('dead')) === 1 && (await counted('finished')) === 20;

  const deaths = await restartUntil(isOver, start);
  expect(deaths).toBe(3);
  const [dead] = await communicator.deadLetters.list();
  expect(dead).toMatchObject({ queue: 'work', reason: { why: 'dropped', attempts: 3 } });
  expect(dead?.envelope?.data.toString()).toBe('"poison"');
}, 90_000);

test.each([
  { form: 'sync', concurrency: 1, workers: 1, queues: ['a'] },
  { form: 'sync', concurrency: 50, workers: 1, queues: ['a'] },
  { form: 'async', concurrency: 1, workers: 1, queues: ['a'] },
  { form: 'async', concurrency: 50, workers: 1, queues: ['a'] },
  { form: 'async', concurrency: 10, workers: 1, queues: ['a', 'b', 'c'] },
  { form: 'async', concurrency: 10, workers: 3, queues: ['a', 'b', 'c'] },
])(
  'among 1,000 others in the handler form it ends alone among the dead: $form, $concurrency at a time, $workers workers of $queues',
  async ({ form, concurrency, workers, queues }) => {
    for (const [i, queue] of queues.entries()) {
      const items = Array.from({ length: Math.ceil(1000 / queues.length) }, (_, n) =>
        i === 0 && n === 300 ? 'poison' : `good ${n}`,
      );
      await marble.sendMany(queue, items);
    }
    const all = Math.ceil(1000 / queues.length) * queues.length;
    const args = [bus.redis, bus.run, form, String(concurrency), String(workers), queues.join()];
    const start = () => new Program(program('../programs/fragile.js'), { args });
    const isOver = async () => (await counted('dead')) >= 1 && (await counted('finished')) >= all - 1;

    const deaths = await restartUntil(isOver, start);
    expect(await communicator.deadLetters.list()).toMatchObject([
      { queue: 'a', reason: { why: 'dropped', attempts: MAX_ATTEMPTS } },
    ]);
    expect(await counted('finished')).toBe(all - 1);
    // Suspected once, with concurrency twice, in company; then charged each time.
    expect(deaths).toBeLessThanOrEqual(MAX_ATTEMPTS + 2);
    expect(deaths).toBeGreaterThan(MAX_ATTEMPTS);
  },
  90_000,
);
