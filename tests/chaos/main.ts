/**
 * The chaos suite: `make chaos`. Prints its seed, rages, drains, checks, and exits 1 on any violation.
 *
 * CHAOS_SEED draws the same faults again; CHAOS_SECONDS or CHAOS_MINUTES says for how long.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkBatches } from './batches/checker.js';
import { RecountWatch } from './batches/recount-watch.js';
import { check, type Remains } from './checker.js';
import { checkGuarded } from './guarded/checker.js';
import { GUARDED_RECOVERY_MS } from './guarded/plan.js';
import { runGuarded } from './guarded/run.js';
import { Historian, readHistory, type Entry } from './history.js';
import { Nemesis } from './nemesis.js';
import { MEMBERS, PLAN, RUNS } from './plan.js';
import { report } from './report.js';
import { Stage } from './stage.js';
import { LateWatch, drained, noHolders, remains } from './watch.js';

const { CHAOS_SEED, CHAOS_MINUTES, CHAOS_SECONDS = '45' } = process.env;

async function run(
  seed: number,
  ms: number,
  dir: string,
): Promise<{ history: Entry[]; left: Remains[]; faults: Map<string, number> }> {
  const stage = await Stage.open(dir, seed);
  try {
    const history = new Historian(join(dir, 'nemesis.jsonl'));
    const watch = new LateWatch(stage.sides, history, PLAN.recoveryMs);
    const recounts = new RecountWatch(stage.lower, history);
    const nemesis = new Nemesis(stage, history, seed);
    await stage.settled();
    await nemesis.rage(ms);
    await stage.close(['producer']);
    await drained(stage.sides);
    await stage.close(['worker']);
    await noHolders(stage.sides);
    watch.stop();
    await recounts.stop();
    await stage.close(['monitor', 'elevator']);
    const left = await Promise.all(stage.sides.map(remains));
    if (stage.crashed > 0) nemesis.struck.set('crash point in the client', stage.crashed);
    return { history: readHistory(dir), left, faults: nemesis.struck };
  } finally {
    await stage.stop();
  }
}

const seed = CHAOS_SEED ? Number(CHAOS_SEED) : Math.floor(Math.random() * 2 ** 31);
const ms = CHAOS_MINUTES ? Number(CHAOS_MINUTES) * 60_000 : Number(CHAOS_SECONDS) * 1000;
const dir = join(tmpdir(), `marblerun-chaos-${seed}`);
const command = `CHAOS_SEED=${seed} CHAOS_SECONDS=${ms / 1000} make chaos`;
console.log(`chaos: seed ${seed}, ${ms / 1000} s; again with: ${command}`);

const started = Date.now();
rmSync(dir, { recursive: true, force: true });
const playing = [run(seed, ms, dir), runGuarded(seed, ms, join(dir, 'guarded'))] as const;
await Promise.allSettled(playing); // each ends its processes before the failure of the other ends this one
const [{ history, left, faults }, guarded] = await Promise.all(playing);
const plain = (_: string, value: unknown): unknown =>
  value instanceof Map ? Object.fromEntries(value as Map<string, unknown>) : value;
writeFileSync(join(dir, 'remains.json'), JSON.stringify([...left, guarded.left], plain, 1));
const violations = [
  ...check(history, left, PLAN),
  ...left.filter(({ run }) => run === RUNS.lower).flatMap((lower) => checkBatches(history, lower, MEMBERS)),
  ...checkGuarded(guarded.history, guarded.left, GUARDED_RECOVERY_MS),
];
console.log(report({ seed, ms: Date.now() - started, history, left, faults, guarded, violations }));
if (violations.length === 0) rmSync(dir, { recursive: true, force: true });
else console.error(`${violations.length} violation(s); the history is in ${dir}; again with: ${command}`);
process.exitCode = violations.length > 0 ? 1 : 0;
