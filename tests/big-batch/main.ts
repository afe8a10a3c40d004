/**
 * The big batch: `make big-batch`. Prints its seed, plays, reports, and exits 1 where something is not as it should be.
 *
 * BIG_BATCH_MARBLES says how many, BIG_BATCH_SEED draws the same kills again.
 */
import { MEMBERS_OF_ONE } from './plan.js';
import { mistakes, report } from './report.js';
import { play } from './story.js';

const { BIG_BATCH_MARBLES = '1000000', BIG_BATCH_SEED } = process.env;
const LEAST = 10_000;
const EX_USAGE = 64;

async function main(members: number, seed: number): Promise<void> {
  const again = `BIG_BATCH_SEED=${seed} BIG_BATCH_MARBLES=${members} make big-batch`;
  console.log(`big batch: ${members.toLocaleString('en')} marbles; the same kills again with: ${again}`);
  const setting = { members, seed, kills: { worker: 40, monitor: 15, redis: 15 }, deadlineMs: 300_000 + 3 * members };
  const told = await play(setting);
  console.log(report(told));
  for (const mistake of mistakes(told, setting)) {
    console.error(mistake);
    process.exitCode = 1;
  }
}

const members = Number(BIG_BATCH_MARBLES);
if (!(members >= LEAST && members % MEMBERS_OF_ONE === 0)) {
  console.error(
    `BIG_BATCH_MARBLES: "${BIG_BATCH_MARBLES}" is not allowed; allowed: a multiple of ${MEMBERS_OF_ONE} from ${LEAST}`,
  );
  process.exitCode = EX_USAGE;
} else await main(members, Number(BIG_BATCH_SEED ?? Math.floor(Math.random() * 2 ** 31)));
