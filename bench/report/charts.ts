/** Charts as SVG, by Vega. */
import { compile, type TopLevelSpec } from 'vega-lite';
import { View, parse } from 'vega';
import type { Figure, Results } from '../results.js';

export interface Chart {
  readonly file: string;
  readonly title: string;
  readonly svg: string;
}

interface Bars {
  readonly file: string;
  readonly title: string;
  readonly figure: Figure;
  readonly workloads: RegExp;
}

const BARS: readonly Bars[] = [
  {
    file: 'throughput.svg',
    title: 'Marbles per second (log scale): more is better',
    figure: 'perSecond',
    workloads: /^(send|consume)/,
  },
  {
    file: 'redis-cpu.svg',
    title: 'Redis CPU per marble, µs (log scale): less is better',
    figure: 'redisCpuUs',
    workloads: /^(send|consume)/,
  },
  {
    file: 'latency-p50.svg',
    title: 'Send to handler, p50, µs (log scale): less is better',
    figure: 'p50Us',
    workloads: /^latency/,
  },
  {
    file: 'latency-p99.svg',
    title: 'Send to handler, p99, µs (log scale): less is better',
    figure: 'p99Us',
    workloads: /^latency/,
  },
];

export function drawBars(results: Results): Promise<Chart[]> {
  const measured = BARS.filter((bars) => results.workloads.some((workload) => bars.workloads.test(workload)));
  return Promise.all(
    measured.map(async ({ file, title, figure, workloads }) => {
      const values = results.workloads
        .filter((workload) => workloads.test(workload))
        .flatMap((workload) =>
          results
            .contestants(workload)
            .map((contestant) => ({ workload, contestant, value: results.median(workload, contestant, figure) })),
        );
      return { file, title, svg: await draw(barSpec(title, values)) };
    }),
  );
}

type Value = { workload: string; contestant: string; value: number };

function barSpec(title: string, values: Value[]): TopLevelSpec {
  const order = [...new Set(values.map(({ contestant }) => contestant))];
  return {
    ...{ title, width: 560, height: { step: 9 }, data: { values }, mark: 'bar' },
    encoding: {
      y: { field: 'workload', type: 'nominal', sort: null, title: null },
      yOffset: { field: 'contestant', sort: order },
      x: { field: 'value', type: 'quantitative', scale: { type: 'log' }, title: null },
      x2: { datum: Math.min(...values.map(({ value }) => value)) / 2 },
      color: {
        field: 'contestant',
        type: 'nominal',
        sort: order,
        title: null,
        legend: { orient: 'bottom', columns: 3 },
      },
    },
    config: { background: 'white', axis: { labelLimit: 260 } },
  };
}

export async function draw(spec: TopLevelSpec): Promise<string> {
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  return view.toSVG();
}
