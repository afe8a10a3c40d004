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
    workloads: /^(send|loop|consume)/,
  },
  {
    file: 'redis-cpu.svg',
    title: 'CPU of the server per marble, µs (log scale): less is better',
    figure: 'serverCpuUs',
    workloads: /^(send|loop|consume)/,
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

interface Curve {
  readonly file: string;
  readonly title: string;
  readonly figure: Figure;
  /** Its first group is what grows. */
  readonly workloads: RegExp;
}

const CURVES: readonly Curve[] = [
  {
    file: 'backlog.svg',
    title: 'Redis CPU per marble, µs, by marbles that wait',
    figure: 'serverCpuUs',
    workloads: /^([\d,]+) marbles wait$/,
  },
  {
    file: 'memory.svg',
    title: 'Memory of the sending process, MiB, by marbles it has streamed',
    figure: 'peakMiB',
    workloads: /^([\d,]+) marbles wait$/,
  },
  {
    file: 'queues.svg',
    title: 'Redis CPU per marble, µs, by other queues in the run',
    figure: 'serverCpuUs',
    workloads: /^([\d,]+) other queues$/,
  },
  {
    file: 'holders.svg',
    title: 'Redis CPU per marble, µs, by other holders that wait',
    figure: 'serverCpuUs',
    workloads: /^([\d,]+) other holders$/,
  },
  {
    file: 'idle.svg',
    title: 'Redis CPU, % of a core, by idle holders',
    figure: 'serverCpuShare',
    workloads: /^([\d,]+) idle holders$/,
  },
  {
    file: 'sweep.svg',
    title: 'A sweep that finds nothing, ms, by held marbles',
    figure: 'calmSweepMs',
    workloads: /^([\d,]+) held marbles$/,
  },
];

export function drawCurves(results: Results): Promise<Chart[]> {
  const curves = CURVES.map((curve) => ({ ...curve, values: pointsOf(results, curve) }));
  return Promise.all(
    curves
      .filter(({ values }) => values.length > 1)
      .map(async ({ file, title, values }) => ({ file, title, svg: await draw(curveSpec(title, values)) })),
  );
}

function pointsOf(results: Results, { workloads, figure }: Curve): { x: number; y: number }[] {
  return results.workloads.flatMap((workload) => {
    const [, grown] = workloads.exec(workload) ?? [];
    return grown ? [{ x: Number(grown.replaceAll(',', '')), y: results.median(workload, 'MarbleRun', figure) }] : [];
  });
}

function curveSpec(title: string, values: { x: number; y: number }[]): TopLevelSpec {
  return {
    ...{ title, width: 560, height: 120, data: { values }, mark: { type: 'line', point: true } },
    encoding: {
      x: { field: 'x', type: 'quantitative', scale: { type: 'log' }, title: null },
      y: { field: 'y', type: 'quantitative', scale: { zero: true }, title: null },
    },
    config: { background: 'white' },
  };
}

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
        scale: { scheme: 'tableau20' },
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
