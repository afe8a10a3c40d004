/** A table for each workload. */
import type { Figure, Results } from '../results.js';

const COLUMNS: readonly { figure: Figure; title: string }[] = [
  { figure: 'perSecond', title: 'marbles/s' },
  { figure: 'redisCpuUs', title: 'Redis CPU, µs' },
  { figure: 'nodeCpuUs', title: 'Node CPU, µs' },
  { figure: 'commands', title: 'commands' },
  { figure: 'bytes', title: 'bytes' },
  { figure: 'waitingBytes', title: 'bytes while waiting' },
  { figure: 'peakMiB', title: 'memory of the sender, MiB' },
  { figure: 'redisCpuShare', title: 'Redis CPU, % of a core' },
  { figure: 'commandsPerSecond', title: 'commands/s' },
  { figure: 'calmSweepMs', title: 'sweep that finds nothing, ms' },
  { figure: 'silenceMs', title: 'longest silence of a holder, ms' },
  { figure: 'slowestMs', title: 'longest command, ms' },
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
      return `| ${contestant} | ${cells.join(' | ')} |`;
    });
    const head = `|  | ${columns.map(({ title }) => title).join(' | ')} |\n| --- |${' ---: |'.repeat(columns.length)}`;
    return `### ${workload}\n\n${head}\n${rows.join('\n')}`;
  });
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
