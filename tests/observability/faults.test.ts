/**
 * Every fault of Redis, of the Monitors and of the workers, seen by a real Prometheus with the shipped rules, which
 * only wait for less time. The alert that docs/OPERATIONS.md names fires, and none fires before.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { story } from '../story.js';
import { FAULTS, Scene } from './faults.js';
import { Prometheus, whyNoPrometheus } from './prometheus.js';

const FACTOR = 60; // a minute of patience becomes a second
const PATIENT = { deadlineMs: 60_000, everyMs: 100 };

jest.setTimeout(120_000);

test('docs/OPERATIONS.md tells of each fault which alert fires, and after how long', () => {
  const docs = readFileSync(new URL('../../../docs/OPERATIONS.md', import.meta.url), 'utf8');
  const rows = [...docs.matchAll(/^\| (.+?) \| `(MarbleRun\w+)` \| (\d+) s \| .* \|$/gm)];
  expect(rows.map(([, what, alert]) => ({ what, alert }))).toEqual(FAULTS.map(({ what, alert }) => ({ what, alert })));
});

story('prometheus', whyNoPrometheus(), () => {
  let scene: Scene;
  let prometheus: Prometheus;

  beforeAll(async () => {
    scene = await Scene.set(1500);
    prometheus = await Prometheus.start(await scene.targets(), { factor: FACTOR, everyS: 4 });
    const up = () => prometheus.ask('marblerun_up == 1');
    await until('every run is scraped', async () => (await up()).length === FAULTS.length, PATIENT);
    expect(await prometheus.fired()).toEqual(new Map());
    await Promise.all(FAULTS.map(({ run }) => scene.strike(run)));
  });
  afterAll(async () => {
    await prometheus.stop();
    await scene.remove();
  });

  test.each(FAULTS)('$what: $alert fires', async ({ run, alert }) => {
    await until(`${alert} of ${run} fires`, async () => (await prometheus.fired()).get(run)?.has(alert), PATIENT);
  });

  test('every scrape of a Monitor whose Redis hangs is answered', async () => {
    const answered = 'min_over_time(up[30s]) and on (instance) marblerun_up{run="paused"}';
    expect((await prometheus.ask(answered)).map(({ value: [, least] }) => least)).toEqual(['1']);
  });
});
