/**
 * The chaos suite: `make chaos`. Prints its seed, rages, drains, checks, and exits 1 on any violation.
 *
 * CHAOS_SEED draws the same faults again; CHAOS_SECONDS or CHAOS_MINUTES says for how long.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@marblerun/test-support';
import { keysOf } from 'marblerun/communicator';
import { check, type Remains } from './checker.js';
import { Historian, readHistory, type Entry } from './history.js';
import { Nemesis } from './nemesis.js';
import { LEASE_MS, PLAN } from './plan.js';
import { report } from './report.js';
import { Stage } from './stage.js';
import { LateWatch, backlog, remains } from './watch.js';

const { CHAOS_SEED, CHAOS_MINUTES, CHAOS_SECONDS = '45', CHAOS_DRAIN_SECONDS = '60' } = process.env;

async function run(
  seed: number,
  ms: number,
  dir: string,
): Promise<{ history: Entry[]; left: Remains[]; faults: Map<string, number> }> {
  const stage = await Stage.open(dir, seed);
  try {
    const history = new Historian(join(dir, 'nemesis.jsonl'));
    const watch = new LateWatch(stage.sides, history);
    const nemesis = new Nemesis(stage, history, seed);
    await stage.settled();
    await nemesis.rage(ms);
    await stage.close(['producer']);
    await drained(stage);
    await stage.close(['worker']);
    await until('no holder is left', async () => (await Promise.all(stage.sides.map(holders))).every((n) => n === 0), {
      deadlineMs: 10 * LEASE_MS,
    }).catch(() => undefined); // the checker names them
    watch.stop();
    await stage.close(['monitor', 'elevator']);
    const left = await Promise.all(stage.sides.map(remains));
    if (stage.crashed > 0) nemesis.struck.set('crash point in the client', stage.crashed);
    return { history: readHistory(dir), left, faults: nemesis.struck };
  } finally {
    await stage.stop();
  }
}

const holders = ({ run, hand }: Stage['lower']) => hand.zcard(keysOf(run).holders);

/** Nothing waits, three times in a row, or it has not become less for long. What never drains is named by the checker. */
async function drained(stage: Stage): Promise<void> {
  let still = 0;
  let least = Infinity;
  let lessAt = Date.now();
  await until(
    'all is drained',
    async () => {
      const lists = (await Promise.all(stage.sides.map(backlog))).flatMap((list) => Object.values(list));
      const left = lists.reduce((sum, n) => sum + n, 0);
      if (left < least) [least, lessAt] = [left, Date.now()];
      still = left === 0 ? still + 1 : 0;
      return still >= 3 || Date.now() - lessAt > Number(CHAOS_DRAIN_SECONDS) * 1000;
    },
    { deadlineMs: 600_000, everyMs: 200 },
  );
}

const seed = CHAOS_SEED ? Number(CHAOS_SEED) : Math.floor(Math.random() * 2 ** 31);
const ms = CHAOS_MINUTES ? Number(CHAOS_MINUTES) * 60_000 : Number(CHAOS_SECONDS) * 1000;
const dir = join(tmpdir(), `marblerun-chaos-${seed}`);
const command = `CHAOS_SEED=${seed} CHAOS_SECONDS=${ms / 1000} make chaos`;
console.log(`chaos: seed ${seed}, ${ms / 1000} s; again with: ${command}`);

const started = Date.now();
const { history, left, faults } = await run(seed, ms, dir);
writeFileSync(join(dir, 'remains.json'), JSON.stringify(left, null, 1));
const violations = check(history, left, PLAN);
console.log(report({ seed, ms: Date.now() - started, history, left, faults, violations }));
if (violations.length === 0) rmSync(dir, { recursive: true, force: true });
else console.error(`${violations.length} violation(s); the history is in ${dir}; again with: ${command}`);
process.exitCode = violations.length > 0 ? 1 : 0;
