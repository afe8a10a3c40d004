/**
 * The alert rules, by Prometheus' own tool: right, and each with a test in which it fires and one in which it does not.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { story } from '../story.js';

const FOLDER = fileURLToPath(new URL('../../../observability/', import.meta.url));
const IMAGE = 'prom/prometheus:v2.42.0';
const run = promisify(execFile);

/** How promtool is called here: installed, or in the image of Prometheus; undefined where neither is there. */
async function findPromtool(): Promise<((...args: string[]) => Promise<string>) | undefined> {
  const inImage = [
    'run',
    '--rm',
    '--network=none',
    `--volume=${FOLDER}:/rules:ro`,
    '--workdir=/rules',
    '--entrypoint=promtool',
  ];
  const ways: [string, string[]][] = [
    ['promtool', []],
    ['docker', [...inImage, IMAGE]],
  ];
  for (const [program, first] of ways) {
    const call = async (...args: string[]) => (await run(program, [...first, ...args], { cwd: FOLDER })).stdout;
    if (
      await call('--version').then(
        () => true,
        () => false,
      )
    )
      return call;
  }
  return undefined;
}

jest.setTimeout(300_000);
const promtool = await findPromtool();
const missing = promtool ? '' : `neither it nor the image ${IMAGE} can be run`;
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

story('promtool', missing, () => {
  test('the rules are right', async () => {
    expect(await promtool!('check', 'rules', 'rules.yml')).toMatch(/SUCCESS: \d+ rules found/);
  });
  test('the tests of the rules pass', async () => {
    expect(await promtool!('test', 'rules', 'rules.test.yml')).toMatch(/SUCCESS/);
  });
});
