/**
 * The queries of the autoscalers, run by Prometheus' own tool: they add what waits and what is in hand, for one run in
 * one namespace, and have no value where nobody reports.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { render, whyNoKubectl } from '../k8s/render.js';
import { story } from '../story.js';
import { findPromtool, NO_PROMTOOL } from './promtool.js';

interface ScaledObject {
  readonly metadata: { readonly namespace?: string };
  readonly spec: {
    readonly minReplicaCount: number;
    readonly fallback: { readonly replicas: number; readonly behavior: string };
    readonly triggers: readonly { readonly metadata: { readonly query: string; readonly ignoreNullValues: string } }[];
  };
}
interface Target {
  readonly query: string;
  readonly namespace: string;
  readonly run: string;
}

const read = (path: string) =>
  parse(readFileSync(new URL(`../../../k8s/components/${path}`, import.meta.url), 'utf8')) as unknown;
const keda = read('autoscale-keda/scaled-object.yaml') as ScaledObject;
const adapter = read('autoscale-hpa/adapter-rule.yaml') as { externalRules: { metricsQuery: string }[] };
/** The query as the adapter fills it in for the HPA of k8s/components/autoscale-hpa. */
const ofHpa = adapter.externalRules[0]!.metricsQuery.replaceAll(
  '<<.LabelMatchers>>',
  'namespace="marblerun",queue="tasks",run="main"',
);
const hub = whyNoKubectl() === '' ? render('overlays/many-runs').filter(({ kind }) => kind === 'ScaledObject') : [];

const targets: [string, Target][] = [
  ['KEDA', { query: keda.spec.triggers[0]!.metadata.query, namespace: 'marblerun', run: 'main' }],
  ['the HPA', { query: ofHpa, namespace: 'marblerun', run: 'main' }],
  ...hub.map(({ spec, metadata: { namespace = '' } }): [string, Target] => [
    `KEDA in the overlay many-runs`,
    { query: (spec as ScaledObject['spec']).triggers[0]!.metadata.query, namespace, run: 'hub' },
  ]),
];

type Values = readonly [namespace: string, pod: string, depth: string | undefined, held: string | undefined];
/**
 * The values that Monitors report at minute 10 for queue `tasks`, and the value that the query must give; undefined:
 * none.
 */
const CASES: readonly [string, (own: string) => readonly Values[], number | undefined][] = [
  [
    'what waits and what is in hand, once for two Monitors',
    (own) => [
      [own, 'a', '30', '4'],
      [own, 'b', '30', '4'],
    ],
    34,
  ],
  ['workers that are busy with the last marbles', (own) => [[own, 'a', '0', '8']], 8],
  ['nothing to do', (own) => [[own, 'a', '0', '0']], 0],
  [
    'a run of the same name in another namespace',
    (own) => [
      [own, 'a', '5', '0'],
      ['staging', 'a', '900', '90'],
    ],
    5,
  ],
  ['only another namespace tells', () => [['staging', 'a', '900', '90']], undefined],
  ['the Monitors have been away for minutes', (own) => [[own, 'a', '30x2 _', '4x2 _']], undefined],
  ['nobody tells what is in hand', (own) => [[own, 'a', '30', undefined]], undefined],
  ['nobody tells what waits', (own) => [[own, 'a', undefined, '4']], undefined],
];

function seriesOf(run: string, [namespace, pod, depth, held]: Values) {
  const labels = `{namespace="${namespace}", pod="${pod}", run="${run}", queue="tasks"}`;
  const told = { marblerun_queue_depth: depth, marblerun_held: held };
  return Object.entries(told)
    .filter(([, value]) => value !== undefined)
    .map(([metric, value]) => ({ series: metric + labels, values: `${value}x20` }));
}

function unitTest({ query, namespace, run }: Target, [name, told, expected]: (typeof CASES)[number]) {
  const exp_samples = expected === undefined ? [] : [{ labels: '{}', value: expected }];
  return {
    ...{ name, interval: '1m', input_series: told(namespace).flatMap((values) => seriesOf(run, values)) },
    promql_expr_test: [{ expr: query, eval_time: '10m', exp_samples }],
  };
}

jest.setTimeout(120_000);
const promtool = await findPromtool();

story('promtool', promtool ? '' : NO_PROMTOOL, () => {
  test.each(targets)('the query of %s', async (_name, target) => {
    const folder = mkdtempSync(join(tmpdir(), 'marblerun-promtool-'));
    chmodSync(folder, 0o755); // in its image promtool is another user
    try {
      const tests = CASES.map((it) => unitTest(target, it));
      writeFileSync(join(folder, 'query.json'), JSON.stringify({ evaluation_interval: '1m', tests }));
      expect(await promtool!(folder, 'test', 'rules', 'query.json')).toMatch(/SUCCESS/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

story('the overlay many-runs', whyNoKubectl(), () => {
  test('KEDA asks for the namespace and run of its own workers', () => {
    expect(hub).toHaveLength(1);
    expect(targets.at(-1)![1].query).toContain(`{namespace="${hub[0]!.metadata.namespace}", run="hub", queue="tasks"}`);
  });
});

test('no value is no 0 to KEDA, and leaves no fewer workers than there are', () => {
  const { triggers, fallback, minReplicaCount } = keda.spec;
  expect(triggers.map(({ metadata }) => metadata.ignoreNullValues)).toEqual(['false']);
  expect(fallback.behavior).toBe('currentReplicasIfHigher');
  expect(fallback.replicas).toBeGreaterThanOrEqual(minReplicaCount);
});
