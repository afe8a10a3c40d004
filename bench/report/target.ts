/** A target of MarbleRun: what is wanted, and how it is read from the results. */
import type { Figure, Results } from '../results.js';

export interface Target {
  readonly what: string;
  readonly wanted: number;
  /** `least`: at least what is wanted; `most`: at most. */
  readonly bound: 'least' | 'most';
  readonly measured: (results: Results) => number;
}

/** The least of those that were measured; NaN where none was. */
export function least(results: Results, workload: string, contestants: readonly string[], figure: Figure): number {
  return Math.min(...measured(results, workload, contestants, figure));
}

/** The most of those that were measured; NaN where none was. */
export function most(results: Results, workload: string, contestants: readonly string[], figure: Figure): number {
  return Math.max(...measured(results, workload, contestants, figure));
}

function measured(results: Results, workload: string, contestants: readonly string[], figure: Figure): number[] {
  const all = contestants.map((contestant) => results.median(workload, contestant, figure));
  const known = all.filter((value) => !Number.isNaN(value));
  return known.length > 0 ? known : [NaN];
}
