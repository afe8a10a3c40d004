/** Results as if all rows had been measured, for tests of the report. */
import { Results, type Figure } from '../results.js';
import type { Workload } from '../workloads/workload.js';
import { COLUMNS } from './tables.js';

type Value = (row: string, contestant: string, figure: Figure) => number;

/** Each figure is 1, where `value` does not say otherwise. */
export function measuredAll(rows: readonly Workload[], value: Value = () => 1): Results {
  const results = new Results();
  for (const { name, contestants } of rows) {
    for (const contestant of contestants) {
      const figures = COLUMNS.map(({ figure }) => [figure, value(name, contestant, figure)]);
      results.add(name, contestant, Object.fromEntries(figures));
    }
  }
  return results;
}
