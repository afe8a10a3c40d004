/**
 * An alert of one namespace, cluster or run never hides that of another: each rule keeps every label that an
 * environment adds.
 */
import { copyFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, jest, test } from '@jest/globals';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { story } from '../story.js';
import { findPromtool, NO_PROMTOOL } from './promtool.js';

const FOLDER = fileURLToPath(new URL('../../../observability/', import.meta.url));
const read = (file: string) => parse(readFileSync(FOLDER + file, 'utf8')) as unknown;

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}
interface Expected {
  readonly exp_labels: Readonly<Record<string, string>>;
}
interface UnitTests {
  readonly tests: readonly {
    readonly input_series: readonly { readonly series: string }[];
    readonly alert_rule_test: readonly { readonly exp_alerts: readonly Expected[] }[];
  }[];
}

/** The labels that tell one process from another. They may be aggregated away; all others must stay. */
const OF_A_PROCESS = ['container', 'endpoint', 'instance', 'job', 'node', 'pod'];

/** Finds how an expression joins series: `without (…)` of an aggregation, and everything that should not be there. */
function joinsOf(expression: string): string[] {
  const joins: string[] = [];
  parser.parse(expression).iterate({
    enter({ name, from, to, node }) {
      if (name === 'AggregateExpr' && !node.getChild('AggregateModifier')) joins.push('of all series');
      if (['AggregateModifier', 'MatchingModifierClause'].includes(name)) joins.push(expression.slice(from, to));
    },
  });
  return joins;
}

const rules = (read('rules.yml') as Rules).groups.flatMap((group) => group.rules);

test.each(rules.map(({ alert, expr }) => [alert, expr]))(
  '%s joins what processes of one run tell, and no more',
  (_alert, expr) => {
    expect(joinsOf(expr)).not.toEqual([]);
    for (const join of joinsOf(expr)) {
      const [, labels] = /^without\s*\(([^)]*)\)$/.exec(join) ?? [];
      expect([join, labels]).toEqual([join, expect.any(String)]);
      const names = labels!.split(',').map((label) => label.trim());
      expect(names.filter((name) => name !== 'event').sort()).toEqual(names.includes('instance') ? OF_A_PROCESS : []);
    }
  },
);

test('a rule that joins namespaces is found', () => {
  expect(joinsOf('max by (run) (marblerun_up) == 0')).toEqual(['by (run)']);
  expect(joinsOf('max(marblerun_up) == 0')).toEqual(['of all series']);
  expect(joinsOf('marblerun_a unless on () marblerun_b')).toEqual(['on ()']);
});

/** Runs each test in two namespaces at once: every alert comes for both, as it does for one. */
function inTwoNamespaces({ tests, ...others }: UnitTests): object {
  const namespaces = ['prod', 'staging'];
  const both = <T>(make: (namespace: string) => T[]) => namespaces.flatMap(make);
  return {
    ...others,
    tests: tests.map((it) => ({
      ...it,
      input_series: both((namespace) =>
        it.input_series
          .filter(({ series }) => namespace === 'prod' || !/namespace=/.test(series))
          .map(({ series, ...values }) => ({
            series: /namespace=/.test(series) ? series : series.replace('{', `{namespace="${namespace}", `),
            ...values,
          })),
      ),
      alert_rule_test: it.alert_rule_test.map((at) => ({
        ...at,
        exp_alerts: both((namespace) =>
          at.exp_alerts
            .filter(({ exp_labels: { namespace: own, run, lane } }) => namespace === 'prod' || (!own && (run ?? lane)))
            .map(({ exp_labels, ...texts }) => ({
              exp_labels: (exp_labels['run'] ?? exp_labels['lane']) ? { namespace, ...exp_labels } : exp_labels,
              ...texts,
            })),
        ),
      })),
    })),
  };
}

jest.setTimeout(120_000);
const promtool = await findPromtool();

story('promtool', promtool ? '' : NO_PROMTOOL, () => {
  test('whatever happens in two namespaces at once is told of both', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'marblerun-promtool-'));
    chmodSync(folder, 0o755); // in its image promtool is another user
    try {
      copyFileSync(`${FOLDER}rules.yml`, join(folder, 'rules.yml'));
      writeFileSync(join(folder, 'two.json'), JSON.stringify(inTwoNamespaces(read('rules.test.yml') as UnitTests)));
      expect(await promtool!(folder, 'test', 'rules', 'two.json')).toMatch(/SUCCESS/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
