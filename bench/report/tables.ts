/** A table for each workload. */
import type { Figure, Results } from '../results.js';

export const COLUMNS: readonly { figure: Figure; title: string }[] = [
  { figure: 'perSecond', title: 'marbles/s' },
  { figure: 'serverCpuUs', title: 'server CPU, µs' },
  { figure: 'nodeCpuUs', title: 'Node CPU, µs' },
  { figure: 'commands', title: 'commands' },
  { figure: 'scripts', title: 'scripts' },
  { figure: 'scriptUs', title: 'in scripts, µs' },
  { figure: 'bytes', title: 'bytes' },
  { figure: 'waitingBytes', title: 'bytes while waiting' },
  { figure: 'peakMiB', title: 'memory of the sender, MiB' },
  { figure: 'serverCpuShare', title: 'server CPU, % of a core' },
  { figure: 'nodeCpuShare', title: 'Node CPU, % of a core' },
  { figure: 'commandsPerSecond', title: 'commands/s' },
  { figure: 'calmSweepMs', title: 'sweep that finds nothing, ms' },
  { figure: 'silenceMs', title: 'longest silence of a holder, ms' },
  { figure: 'slowestMs', title: 'longest command, ms' },
  { figure: 'roundTripMs', title: 'round trip, ms' },
  { figure: 'p50Us', title: 'p50, µs' },
  { figure: 'p99Us', title: 'p99, µs' },
  { figure: 'p999Us', title: 'p99.9, µs' },
];

export function tablesOf(results: Results): string[] {
  return results.workloads.map((workload) => {
    const contestants = results.contestants(workload);
    const columns = COLUMNS.filter(({ figure }) =>
      contestants.some((contestant) => !Number.isNaN(results.median(workload, contestant, figure))),
    );
    const rows = contestants.map((contestant) => {
      const cells = columns.map(({ figure }) => cell(results, workload, contestant, figure));
      return [contestant, ...cells];
    });
    return `### ${workload}\n\n${table(['', ...columns.map(({ title }) => title)], rows)}`;
  });
}

/** A table in Markdown: all columns but the first hold figures. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = `| --- |${' ---: |'.repeat(head.length - 1)}`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

function cell(results: Results, workload: string, contestant: string, figure: Figure): string {
  const median = results.median(workload, contestant, figure);
  if (Number.isNaN(median)) return '';
  return `${short(median)} ±${Math.round(100 * results.spread(workload, contestant, figure))}%`;
}

/** Three digits say all that such a figure knows. */
export function short(value: number): string {
  const rounded = Number(value.toPrecision(3));
  return rounded >= 1000 ? rounded.toLocaleString('en-US') : String(rounded);
}
