/**
 * Plays the games without a test runner: `node main.js [games] [ms]`. Exits 1 where run and model differ.
 */
import { playGames } from './games.js';

const [games = '1000', ms = '40000'] = process.argv.slice(2);
try {
  const moves = await playGames({ games: Number(games), mostMs: Number(ms), endOnFailure: true });
  console.log(`${moves} moves, each as the model has it`);
} catch (error) {
  console.error(String(error));
  console.error(String((error as Error).cause));
  process.exitCode = 1;
}
