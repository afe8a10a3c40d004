/**
 * The benchmark: every workload for every contestant, in turns (A B C A B C …), several rounds.
 *
 * `BENCH_QUICK=1`: fewer marbles and rounds. `BENCH_ONLY=<part of a workload's name>;<part>` and
 * `BENCH_WHO=<contestant>;<contestant>`: a part, which writes no report. What may go wrong: the machine
 * does something else meanwhile; the turns spread that over all contestants, and medians and spread show it.
 */
import { CONTESTANTS, USUAL } from './contestants/index.js';
import { Lab } from './lab.js';
import { plan } from './plan.js';
import { Results } from './results.js';
import { writeReport } from './report/report.js';

const quick = Boolean(process.env['BENCH_QUICK']);
const only = process.env['BENCH_ONLY']?.split(';');
const who = process.env['BENCH_WHO']?.split(';');
const rounds = Number(process.env['BENCH_ROUNDS'] ?? (quick ? 1 : 5));

const results = new Results();
const lab = await Lab.start();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void lab.stop().finally(() => process.exit(1)));
try {
  for (const workload of plan(quick, results).filter(({ name }) => !only || only.some((part) => name.includes(part)))) {
    for (let round = 0; round < (workload.once ? 1 : rounds); round++) {
      for (const contestant of CONTESTANTS) {
        if (!(workload.contestants ?? USUAL).includes(contestant.name)) continue;
        if (who && !who.includes(contestant.name)) continue;
        const figures = await workload.measure(lab, contestant);
        results.add(workload.name, contestant.name, figures);
        await lab.clear();
      }
    }
    console.log(results.table(workload.name));
  }
} finally {
  await lab.stop();
}
if (!only && !who) await writeReport(results, { quick, rounds });
