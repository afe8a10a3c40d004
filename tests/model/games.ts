/**
 * Plays random games on the real run and on the model of it, until the two differ or there were enough games.
 */
import fc from 'fast-check';
import { Bench } from './bench.js';
import { moves } from './draws.js';
import { play } from './moves.js';
import { World } from './world.js';

export interface GamesOptions {
  readonly games: number;
  /** The time after which no new game begins. */
  readonly mostMs: number;
  /** The seed that a failure printed, to play that game again. */
  readonly seed?: number;
  readonly path?: string;
  /** True: do not look for a smaller game that fails too. */
  readonly endOnFailure?: boolean;
}

/** Returns how many moves were made. Throws where run and model differ, with the game. */
export async function playGames({ games, mostMs, seed, path, endOnFailure = false }: GamesOptions): Promise<number> {
  const bench = await Bench.start();
  let made = 0;
  const game = fc.asyncProperty(moves, async (game) => {
    const world = await World.begin(bench);
    for (const move of game) {
      await play(world, move);
      made++;
    }
  });
  try {
    await fc.assert(game, {
      ...{ numRuns: games, endOnFailure, interruptAfterTimeLimit: mostMs, markInterruptAsFailure: false },
      ...(seed !== undefined && { seed }),
      ...(path !== undefined && { path }),
    });
    return made;
  } finally {
    await bench.stop();
  }
}
