/**
 * The alert rules, checked by Prometheus' own tool: they are valid, and each has a test in which it fires and one in
 * which it does not.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { story } from '../story.js';
import { findPromtool, NO_PROMTOOL } from './promtool.js';

const FOLDER = fileURLToPath(new URL('../../../observability/', import.meta.url));

jest.setTimeout(300_000);
const promtool = await findPromtool();
const read = (file: string) => parse(readFileSync(FOLDER + file, 'utf8')) as never;

test('each alert fires in its test, and in the same test does not at another time', () => {
  const rules = read('rules.yml') as { groups: { rules: { alert: string }[] }[] };
  const { tests } = read('rules.test.yml') as {
    tests: { alert_rule_test: { alertname: string; exp_alerts: object[] }[] }[];
  };
  for (const { alert } of rules.groups.flatMap((group) => group.rules)) {
    const expected = tests.flatMap((it) => it.alert_rule_test).filter(({ alertname }) => alertname === alert);
    expect([alert, expected.some(({ exp_alerts }) => exp_alerts.length > 0)]).toEqual([alert, true]);
    expect([alert, expected.some(({ exp_alerts }) => exp_alerts.length === 0)]).toEqual([alert, true]);
  }
});

story('promtool', promtool ? '' : NO_PROMTOOL, () => {
  test('the rules are right', async () => {
    expect(await promtool!(FOLDER, 'check', 'rules', 'rules.yml')).toMatch(/SUCCESS: \d+ rules found/);
  });
  test('the tests of the rules pass', async () => {
    expect(await promtool!(FOLDER, 'test', 'rules', 'rules.test.yml')).toMatch(/SUCCESS/);
  });
});
