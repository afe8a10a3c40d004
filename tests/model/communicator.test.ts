/**
 * The Communicator against its model: random interleavings of everything that holders, Monitors and Elevators do, with
 * replies lost on the way. Both sides are compared as a whole after every move.
 *
 * MODEL_SEED and MODEL_PATH replay what a failure printed; MODEL_GAMES and MODEL_MS play more.
 */
import { expect, test } from '@jest/globals';
import { playGames } from './games.js';

const { MODEL_SEED, MODEL_PATH, MODEL_GAMES = '1000', MODEL_MS = '40000' } = process.env;

test('a run is as its model after every move, whoever moves and whichever reply is lost', async () => {
  const moves = await playGames({
    ...{ games: Number(MODEL_GAMES), mostMs: Number(MODEL_MS) },
    ...(MODEL_SEED && { seed: Number(MODEL_SEED) }),
    ...(MODEL_PATH && { path: MODEL_PATH }),
  });
  console.info(`${moves} moves, each as the model has it`);
  expect(moves).toBeGreaterThan(1000);
}, 600_000);
