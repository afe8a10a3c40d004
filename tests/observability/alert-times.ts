/**
 * Measures which alert fires how long after each fault, with the shipped rules unchanged, and writes the result into
 * docs/OPERATIONS.md.
 *
 *     make alert-times        (a quarter of an hour, because MarbleRunWorkersHang waits as long)
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { until } from '@marblerun/test-support';
import { FAULTS, Scene } from './faults.js';
import { Prometheus } from './prometheus.js';

const PAGE = new URL('../../../docs/OPERATIONS.md', import.meta.url);
const DEADLINE = { deadlineMs: 30 * 60_000, everyMs: 250 };
const DEFAULT_LEASE_MS = 15_000;

type Times = Map<string, number>;

/** Measures, for each run, the seconds from its fault to each alert, until every fault has had its own alert. */
async function measure(scene: Scene, prometheus: Prometheus): Promise<Map<string, Times>> {
  const struckAt = new Map<string, number>();
  const times = new Map<string, Times>(FAULTS.map(({ run }) => [run, new Map()]));
  for (const { run } of FAULTS) {
    await scene.strike(run);
    struckAt.set(run, Date.now());
  }
  await until(
    'every fault has its alert',
    async () => {
      for (const [run, alerts] of await prometheus.fired())
        for (const alert of alerts) {
          const seconds = Math.round((Date.now() - struckAt.get(run)!) / 1000);
          if (!times.get(run)!.has(alert)) times.get(run)!.set(alert, seconds);
        }
      return FAULTS.every(({ run, alert }) => times.get(run)!.has(alert));
    },
    DEADLINE,
  );
  return times;
}

function rowsOf(times: Map<string, Times>): string[] {
  return FAULTS.map(({ run, what, alert }) => {
    const others = [...times.get(run)!].filter(([name]) => name !== alert);
    const also = others.map(([name, seconds]) => `\`${name}\` ${seconds} s`).join(', ');
    return `| ${what} | \`${alert}\` | ${times.get(run)!.get(alert)} s | ${also} |`;
  });
}

const scene = await Scene.set(DEFAULT_LEASE_MS);
const prometheus = await Prometheus.start(await scene.targets(), { factor: 1, everyS: 5 });
try {
  const up = () => prometheus.ask('marblerun_up == 1');
  await until('every run is scraped', async () => (await up()).length === FAULTS.length, DEADLINE);
  const rows = rowsOf(await measure(scene, prometheus));
  const table = ['| fault | alert | after | others |', '|---|---|---|---|', ...rows].join('\n');
  const page = readFileSync(PAGE, 'utf8');
  const place = /(<!-- alert-times: .*? -->\n)[^]*?(<!-- \/alert-times -->)/;
  writeFileSync(
    PAGE,
    page.replace(place, (_all, open: string, close: string) => `${open}\n${table}\n\n${close}`),
  );
  console.log(table);
} finally {
  await prometheus.stop();
  await scene.remove();
}
