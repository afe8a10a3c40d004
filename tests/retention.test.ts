/** Dead letters do not pile up: a Monitor removes by itself those that are too many or too old. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { freshBus, until, type Bus, type Program } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { Communicator } from 'marblerun/communicator';
import { startMonitor } from './services.js';

const PATIENT = { deadlineMs: 30_000 };
let bus: Bus;
let peek: Communicator;
let marble: Marble;
let monitor: Program | undefined;

beforeEach(() => {
  bus = freshBus();
  peek = new Communicator(bus);
  marble = new Marble({ ...bus, maxAttempts: 1 });
});
afterEach(async () => {
  await monitor?.kill();
  await Promise.all([marble.close(), peek.close()]);
});

async function start(retention: Record<string, string>): Promise<Program> {
  const env = { MARBLERUN_REDIS: bus.redis, MARBLERUN_RUN: bus.run, ...retention };
  ({ program: monitor } = await startMonitor(env));
  return monitor;
}

async function die(...numbers: number[]): Promise<void> {
  for (const n of numbers) {
    await marble.send('broken', n);
    expect(await marble.wait('broken')).toBe(n);
    await marble.fail(new Error('cannot be done'));
  }
}

/** Returns the data of the dead letters, the latest first. */
const dead = async () => (await peek.deadLetters.list(0, 100)).map(({ envelope }) => Number(envelope!.data.toString()));
const expired = async () => (await peek.show()).find(({ queue }) => queue === 'broken')!.counts.expired;

test('of more dead than are to be kept, the oldest are removed', async () => {
  await die(1, 2, 3, 4, 5);
  expect([await dead(), await expired()]).toEqual([[5, 4, 3, 2, 1], 0]);

  const program = await start({ MARBLERUN_DEAD_KEEP: '3', MARBLERUN_DEAD_KEEP_MS: '0' });
  await until('two are removed', async () => (await expired()) === 2, PATIENT);
  expect(await dead()).toEqual([5, 4, 3]);
  await program.line(/"removed":2,/, PATIENT.deadlineMs);
});

test('a dead letter is removed when it has been kept for long enough, again and again', async () => {
  const keepMs = 1500;
  const program = await start({ MARBLERUN_DEAD_KEEP: '0', MARBLERUN_DEAD_KEEP_MS: String(keepMs) });
  for (const n of [1, 2]) {
    program.signal('SIGSTOP'); // so the dead letter can be seen, however slow this machine is
    await die(n);
    const { at } = (await peek.deadLetters.list(0, 1))[0]!;
    expect([await dead(), await expired()]).toEqual([[n], n - 1]);

    program.signal('SIGCONT');
    await until('it is removed', async () => (await dead()).length === 0, PATIENT);
    expect(await peek.status.now()).toBeGreaterThanOrEqual(at + keepMs);
    expect(await expired()).toBe(n);
  }
});
