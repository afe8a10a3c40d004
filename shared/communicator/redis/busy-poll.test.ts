import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Communicator } from '../communicator.js';
import { encodeEnvelope, newId } from '../data/envelope.js';
import { RedisServer } from '@marblerun/test-support';
import { BusyPoll, PollTrial } from './busy-poll.js';

const TRIAL = 128;

function play(trial: PollTrial, commands: number, ms: { with: number; without: number }): number {
  let turned = 0;
  for (let i = 0; i < commands; i++) {
    if (trial.isOn) turned++;
    trial.took(trial.isOn ? ms.with : ms.without);
  }
  return turned;
}

test('a test tries both by turns, and the quicker one is kept until the next, which is twice as far away', () => {
  const trial = new PollTrial();
  const [gains, loses] = [
    { with: 0.03, without: 0.06 },
    { with: 0.06, without: 0.03 },
  ];
  expect(play(trial, TRIAL, gains)).toBe(TRIAL / 2);
  expect(play(trial, 1024 - TRIAL, gains)).toBe(1024 - TRIAL);
  expect(play(trial, TRIAL, loses)).toBe(TRIAL / 2);
  expect(play(trial, 2048 - TRIAL, loses)).toBe(0);
  expect(play(trial, TRIAL + 1, gains)).toBe(TRIAL / 2 + 1);
});

test('a small gain is not worth a core', () => {
  const trial = new PollTrial();
  play(trial, TRIAL, { with: 0.058, without: 0.06 });
  expect(trial.isOn).toBe(false);
});

test('a pause of the process decides nothing', () => {
  const trial = new PollTrial();
  for (let i = 0; i < TRIAL; i++) trial.took(i === 20 ? 5000 : trial.isOn ? 0.05 : 0.1);
  expect(trial.isOn).toBe(true);
});

/** Counts the turns that are asked for. */
let turns: jest.SpiedFunction<typeof setImmediate>;
beforeEach(() => {
  turns = jest.spyOn(globalThis, 'setImmediate');
});
afterEach(() => {
  turns.mockRestore();
});

/** A poll that turns with the next command. */
async function turning(): Promise<BusyPoll> {
  const poll = new BusyPoll();
  for (let i = 0; i < 16; i++) await poll.during(() => Promise.resolve(i));
  expect(turns).not.toHaveBeenCalled();
  return poll;
}

test('the loop turns while a command is under way, and not after its answer', async () => {
  const poll = await turning();
  expect(await poll.during(() => new Promise((resolve) => process.nextTick(() => resolve('answer'))))).toBe('answer');
  await sleep(20);
  expect(turns).toHaveBeenCalledTimes(1);
});

test('the loop does not turn for ever for a command that takes long', async () => {
  const poll = await turning();
  const command = poll.during(() => sleep(300, 'late'));
  await sleep(100);
  const soon = turns.mock.calls.length;
  expect(soon).toBeGreaterThan(0);
  expect(await command).toBe('late');
  expect(turns).toHaveBeenCalledTimes(soon);
});

test('where another command begins meanwhile, the loop turns no longer: it has work', async () => {
  const poll = await turning();
  const both = [poll.during(() => sleep(50, 'first')), poll.during(() => sleep(50, 'second'))];
  expect(await Promise.all(both)).toEqual(['first', 'second']);
  expect(turns).toHaveBeenCalledTimes(1);
});

test('an error of a command is passed on, and the loop rests', async () => {
  const poll = await turning();
  const refused = new Error('refused');
  await expect(poll.during(() => Promise.reject(refused))).rejects.toBe(refused);
  await sleep(20);
  expect(turns).toHaveBeenCalledTimes(1);
  await expect(
    poll.during(() => {
      throw refused;
    }),
  ).rejects.toBe(refused);
});

test.each([
  { options: { busyPoll: true }, what: 'with busyPoll turns the loop' },
  { options: {}, what: 'lets the loop rest' },
])('a Communicator $what while it sends', async ({ options }) => {
  const server = await RedisServer.start();
  const bus = new Communicator({ redis: server.url, ...options });
  try {
    await bus.connect();
    turns.mockClear();
    for (let i = 0; i < 40; i++) {
      const envelope = encodeEnvelope({ id: newId(), attempt: 0, sentAt: 1, type: 'j' }, '1');
      await bus.push([{ kind: 'back', queue: 'q', envelope }]);
    }
    // Each of the 16 commands of the second block needs a turn of its own at least.
    expect(turns.mock.calls.length >= 16).toBe('busyPoll' in options);
  } finally {
    await bus.close();
    await server.stop();
  }
});
