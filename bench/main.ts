/**
 * The benchmark: every workload for every contestant, in turns (A B C A B C …), several rounds.
 *
 * What may go wrong: the machine does something else meanwhile; the turns spread that over all contestants, and medians
 * and spread show it. A contestant that loses a marble or handles one twice ends the bench; it can be gone on with.
 */
import { CONTESTANTS } from './contestants/index.js';
import { WHY_UNPINNED } from './cores.js';
import { Kept } from './kept.js';
import { Labs } from './labs.js';
import { plan } from './plan.js';
import { Results } from './results.js';
import { writeReport } from './report/report.js';
import { Selection } from './selection.js';
import { inGroups, type Workload } from './workloads/workload.js';

const selection = Selection.of(process.env);
const { quick, rounds } = selection;
const results = new Results();
const labs = new Labs();
const kept = new Kept(selection, results);
if (selection.resumes) kept.resume();
const began = performance.now();
const isMeasured = ({ name }: Workload): boolean => results.contestants(name).length > 0;
const minutes = (): number => kept.minutes + (performance.now() - began) / 60_000;
const present = selection.contestants(CONTESTANTS).filter((contestant) => labs.has(contestant));
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void labs.stop().finally(() => process.exit(1)));
if (WHY_UNPINNED) console.log(WHY_UNPINNED);
for (const [name, why] of labs.leftOut) console.log(`${name} is left out: ${why}`);
try {
  for (const rows of inGroups(selection.rows(plan(quick, results)))) {
    if (rows.some(isMeasured)) continue; // all of them are kept at once: before the run ended early
    const rowsBegan = performance.now();
    for (let round = 0; round < rounds; round++) for (const workload of rows) await measure(workload, round);
    const measured = rows.filter(isMeasured);
    if (measured.length === 0) continue;
    for (const { name } of measured) console.log(results.table(name));
    console.log(`  (${Math.round((performance.now() - rowsBegan) / 1000)} s)`);
    if (!selection.isPart) kept.keep(minutes());
  }
} finally {
  await labs.stop();
}
console.log(`${minutes().toFixed(1)} minutes`);
if (!selection.isPart) {
  const { resumed } = kept;
  await writeReport(results, { quick, rounds, minutes: minutes(), resumed, leftOut: labs.leftOut });
  kept.forget();
}

async function measure(workload: Workload, round: number): Promise<void> {
  if (round >= (workload.mostRounds ?? rounds)) return;
  for (const contestant of present) {
    if (!workload.contestants.includes(contestant.name) || round >= (contestant.mostRounds ?? rounds)) continue;
    const lab = await labs.of(contestant, workload);
    await lab.place(workload.cores ?? 'any');
    try {
      results.add(workload.name, contestant.name, await workload.measure(lab, contestant));
    } catch (error) {
      throw new Error(`${workload.name}: ${contestant.name}`, { cause: error });
    }
    await lab.clear();
  }
}
