/**
 * The metrics that the services export. Documents, rules, dashboard and autoscalers name no others.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildElevator, readConfig as elevatorConfig } from '@marblerun/elevator';
import { buildMonitor, readConfig as monitorConfig } from '@marblerun/monitor';
import { EngineDouble, until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { Communicator } from 'marblerun/communicator';
import { Counter, Histogram, Registry } from 'prom-client';
import { parse } from 'yaml';
import { readExposition, type Exported } from './exposition.js';
import { namesIn } from './promql.js';

const ROOT = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const redis = process.env['MARBLERUN_TEST_REDIS']!;
const common = { MARBLERUN_REDIS: redis, MARBLERUN_LOG_LEVEL: 'silent' };
const engine = new EngineDouble();
const docker = { MARBLERUN_DOCKER: engine.address, MARBLERUN_SCALE: 'on' };
const monitor = buildMonitor(monitorConfig({ ...common, ...docker, MARBLERUN_RUN: 'observed' }));
const lanes = JSON.stringify({
  runs: { observed: {}, higher: {}, away: { redis: 'redis://127.0.0.1:1' } },
  lanes: [
    { name: 'up', from: 'observed', to: 'higher', queues: ['tasks'] },
    { name: 'stuck', from: 'observed', to: 'away', queues: ['stuck'] },
  ],
});
const elevator = buildElevator(elevatorConfig({ ...common, MARBLERUN_LANES: lanes, MARBLERUN_BATCH_MARBLES: '1' }));
const registry = new Registry();
const marble = new Marble({ redis, run: 'observed', metrics: { registry, Counter, Histogram } });
const communicator = new Communicator({ redis, run: 'observed' });
let ofMonitor: Map<string, Exported>;
let ofElevator: Map<string, Exported>;
let ofClient: Map<string, Exported>;

/**
 * Makes everything happen once that has a metric: marbles wait, are held, are carried, or are not carried because no
 * lane has their queue; a batch is open; a compose service is scaled.
 */
beforeAll(async () => {
  const addresses = new Map<typeof monitor, string>();
  for (const service of [monitor, elevator])
    addresses.set(service, await service.server.listen({ host: '127.0.0.1', port: 0 }));
  const scrape = async (service: typeof monitor) => (await fetch(`${addresses.get(service)}/metrics`)).text();
  const about = { name: 'nightly', onDead: 'wait', keepMs: 1000, elevated: 'wait' } as const;
  await communicator.batches.open({ about, parent: undefined, then: undefined });
  const compose = (label: string, value: string) => [`com.docker.compose.${label}`, value];
  const scale = (label: string, value: string) => [`marblerun.scale.${label}`, value];
  engine.containers.push({
    ...{ id: 'a'.repeat(64), name: 'shop-worker-1', state: 'running' },
    labels: Object.fromEntries([
      ...[compose('project', 'shop'), compose('service', 'worker'), compose('container-number', '1')],
      ...[scale('min', '1'), scale('max', '1'), scale('target', '1'), scale('queues', 'tasks')],
      ['marblerun.run', 'observed'],
    ]) as Record<string, string>,
  });
  await engine.open();
  monitor.start();
  elevator.start();
  await marble.send('tasks', 1);
  await marble.wait('tasks');
  await marble.elevate('tasks', 2);
  await marble.elevate('forgotten', 3);
  await marble.elevate('stuck', 4);
  await marble.elevate('stuck', 5); // one is in transit, one waits
  await until('it is carried', async () => /event="landed"} 1/.test(await scrape(elevator)));
  const waits = /^marblerun_outbox_oldest_seconds\{run="observed",queue="forgotten"\} (?!0$)/m;
  await until('the other has waited', async () => waits.test(await scrape(monitor)));
  await until('a service is scaled', async () => /^marblerun_scale_wanted\{.*\} 1$/m.test(await scrape(monitor)));
  ofMonitor = readExposition(await scrape(monitor));
  ofElevator = readExposition(await scrape(elevator));
  ofClient = readExposition(await registry.metrics());
});
afterAll(async () => {
  await marble.finish();
  await Promise.all([marble.close(), communicator.close()]);
  for (const service of [monitor, elevator]) {
    await service.server.close();
    await service.stop();
  }
  await engine.remove();
});

const own = (exported: Map<string, Exported>) =>
  [...exported]
    .filter(([name]) => name.startsWith('marblerun_') && !/_(bucket|sum|count)$/.test(name))
    .map(([name, { type, labels }]) => ({ name, type, labels: [...labels].filter((label) => label !== 'le').sort() }))
    .sort((a, b) => a.name.localeCompare(b.name));

test.each(['Monitor', 'Elevator'])('docs/OPERATIONS.md lists what the %s exports: names, types, labels', (service) => {
  const section = read('docs/OPERATIONS.md').split(`### ${service}\n`)[1]!.split(/^##/m)[0]!;
  const rows = [...section.matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)];
  const listed = rows.map(([, name, type, labels]) => ({ name, type, labels: labels!.split(', ').sort() }));
  expect(listed.length).toBeGreaterThan(4);
  expect(listed.sort((a, b) => a.name!.localeCompare(b.name!))).toEqual(
    own(service === 'Monitor' ? ofMonitor : ofElevator),
  );
});

test('every metric says what it is', () => {
  for (const [name, { help }] of [...ofMonitor, ...ofElevator])
    expect([name, help]).toEqual([name, expect.stringMatching(/\w{2}/)]);
});

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}
const dashboard = JSON.parse(read('observability/grafana/dashboards/marblerun.json')) as {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition: string }[] };
};
/** Fills in Grafana's variables, as Grafana does before Prometheus sees an expression. */
const filled = (expression: string) => expression.replaceAll('$__rate_interval', '1m').replaceAll('$run', 'main');

const rules = parse(read('observability/rules.yml')) as {
  groups: {
    rules: { alert: string; expr: string; labels: { severity: string }; annotations: { summary: string } }[];
  }[];
};
const alerts = rules.groups.flatMap((group) => group.rules);
const keda = parse(read('k8s/components/autoscale-keda/scaled-object.yaml')) as {
  spec: { triggers: { metadata: { query: string } }[] };
};

const expressions: [string, string][] = [
  ...alerts.map(({ alert, expr }): [string, string] => [`alert ${alert}`, expr]),
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }): [string, string] => [`panel ${title}`, filled(expr)]),
  ),
  ...dashboard.templating.list.map(({ name, definition }): [string, string] => [
    `variable ${name}`,
    definition.replace(/^label_values\((\w+), (\w+)\)$/, 'sum by ($2) ($1)'),
  ]),
  ...keda.spec.triggers.map(({ metadata: { query } }): [string, string] => ['the ScaledObject', query]),
];

/** The labels that Prometheus adds to every series; in a cluster also the namespace. */
const ADDED = ['job', 'instance', 'namespace', 'pod', 'container', 'endpoint', 'node'];

test.each(expressions)('%s asks for what is exported: %s', (_what, expression) => {
  const { metrics, labels } = namesIn(expression);
  const all = new Map([...ofMonitor, ...ofElevator, ...ofClient]);
  expect(metrics.size).toBeGreaterThan(0);
  expect([...metrics].filter((name) => !all.has(name))).toEqual([]);
  const known = new Set([...metrics].flatMap((name) => [...all.get(name)!.labels]).concat(ADDED));
  expect([...labels].filter((label) => !known.has(label))).toEqual([]);
});

test('an expression with a metric or label that nobody exports is found', () => {
  expect(namesIn('sum by (runn) (marblerun_depth{run="x"})')).toEqual({
    metrics: new Set(['marblerun_depth']),
    labels: new Set(['runn', 'run']),
  });
  expect(() => namesIn('sum by run marblerun_up')).toThrow(/no PromQL/);
});

test('the autoscaler asks for a metric and labels that are exported', () => {
  const hpa = parse(read('k8s/components/autoscale-hpa/hpa.yaml')) as {
    spec: { metrics: { external: { metric: { name: string; selector: { matchLabels: object } } } }[] };
  };
  const adapter = parse(read('k8s/components/autoscale-hpa/adapter-rule.yaml')) as {
    externalRules: { name: { as: string }; metricsQuery: string }[];
  };
  for (const { external } of hpa.spec.metrics) {
    const rule = adapter.externalRules.find(({ name }) => name.as === external.metric.name);
    const { metrics } = namesIn(rule!.metricsQuery.replaceAll('<<.LabelMatchers>>', ''));
    expect(metrics.size).toBeGreaterThan(0);
    const asked = Object.keys(external.metric.selector.matchLabels);
    for (const name of metrics) expect([...ofMonitor.get(name)!.labels]).toEqual(expect.arrayContaining(asked));
  }
});

test('the dashboard has a place for every panel, and its legends use labels that the expressions keep', () => {
  expect(dashboard.uid).toBe('marblerun');
  const cells = new Set<string>();
  for (const { gridPos, targets = [] } of dashboard.panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(cells.has(`${x},${y}`)).toBe(false);
        cells.add(`${x},${y}`);
      }
    for (const { expr, legendFormat } of targets) {
      const { labels } = namesIn(filled(expr));
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect([...labels, ...ADDED]).toContain(label);
    }
  }
});

/** The metrics that only some of very many queues have: an expression that means all queues must not use them. */
test('what adds queues up asks for the sums', () => {
  const asksQueues = /\bmarblerun_(queue_depth|held|marbles_total)\b/;
  const addsUp = (expression: string) =>
    asksQueues.test(expression) && !/\bqueue\b/.test(/^\w+ by \(([^)]*)\)/.exec(expression)?.[1] ?? 'queue');
  expect(addsUp('sum by (run) (max by (run, queue) (marblerun_held))')).toBe(true);
  expect(expressions.filter(([, expression]) => addsUp(expression))).toEqual([]);
});

test('docs/OPERATIONS.md says for every alert where to look first, and every rule has a severity', () => {
  const docs = read('docs/OPERATIONS.md');
  expect(alerts.length).toBeGreaterThanOrEqual(8);
  for (const { alert, labels, annotations } of alerts) {
    expect(docs).toContain(`\`${alert}\``);
    expect(['critical', 'warning']).toContain(labels.severity);
    expect(annotations.summary).not.toBe('');
  }
});
