/**
 * The Communicator against its model: random interleavings of everything that holders, Monitors and
 * Elevators do, with replies lost on the way, compared whole after every move.
 *
 * MODEL_SEED and MODEL_PATH replay what a failure printed; MODEL_RUNS plays more.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Bench } from './bench.js';
import { moves, play } from './moves.js';
import { World } from './world.js';

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start();
});

afterAll(async () => {
  await bench.stop();
});

const { MODEL_SEED, MODEL_PATH, MODEL_RUNS = '1000', MODEL_MS = '45000' } = process.env;

test('a run is as its model after every move, whoever moves and whichever reply is lost', async () => {
  let made = 0;
  await fc.assert(
    fc.asyncProperty(moves, async (game) => {
      const world = await World.begin(bench);
      for (const move of game) {
        await play(world, move);
        made++;
      }
    }),
    {
      numRuns: Number(MODEL_RUNS),
      ...(MODEL_SEED && { seed: Number(MODEL_SEED) }),
      ...(MODEL_PATH && { path: MODEL_PATH }),
      endOnFailure: false,
      interruptAfterTimeLimit: Number(MODEL_MS),
      markInterruptAsFailure: false,
    },
  );
  console.info(`${made} moves as the model has them`);
  expect(made).toBeGreaterThan(1000);
}, 300_000);
