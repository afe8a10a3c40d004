/**
 * A real Prometheus with the shipped rules. Their patience can be shortened, so that a test need not wait for minutes.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@marblerun/test-support';

const RULES = new URL('../../../observability/rules.yml', import.meta.url);

/** Returns the reason why there is no Prometheus here; empty where there is one. */
export const whyNoPrometheus = () =>
  spawnSync('prometheus', ['--version']).status === 0 ? '' : 'prometheus is not installed';

/** Makes the waits of rules, which are told in minutes, `factor` times shorter. */
function shortened(rules: string, factor: number): string {
  const seconds = (amount: string, unit: string) => Math.ceil((Number(amount) * (unit === 'm' ? 60 : 1)) / factor);
  return rules
    .replaceAll(/(for: |\[)(\d+)m/g, (_all, before: string, minutes: string) => `${before}${seconds(minutes, 'm')}s`)
    .replaceAll(
      /((?:oldest|lag)_seconds\) > )(\d+)/g,
      (_all, before: string, limit: string) => `${before}${seconds(limit, 's')}`,
    );
}

interface Options {
  /** The factor by which the patience of the rules is shortened. */
  readonly factor: number;
  /** The time between scrapes; a scrape may take as long. */
  readonly everyS: number;
}
interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

export class Prometheus {
  private constructor(
    private readonly url: string,
    readonly stop: () => Promise<void>,
  ) {}

  /** Starts Prometheus. `targets` are Monitors, each `host:port`. */
  static async start(targets: readonly string[], { factor, everyS }: Options): Promise<Prometheus> {
    const dir = await mkdtemp(join(tmpdir(), 'marblerun-prometheus-'));
    await writeFile(join(dir, 'rules.yml'), shortened(await readFile(RULES, 'utf8'), factor));
    const config = {
      global: { scrape_interval: `${everyS}s`, scrape_timeout: `${everyS}s`, evaluation_interval: '1s' },
      rule_files: ['rules.yml'],
      scrape_configs: [{ job_name: 'monitor', static_configs: [{ targets }] }],
    };
    await writeFile(join(dir, 'prometheus.json'), JSON.stringify(config));
    const port = await freePort();
    const args = ['--config.file', join(dir, 'prometheus.json'), '--storage.tsdb.path', join(dir, 'data')];
    const child = spawn('prometheus', [...args, '--web.listen-address', `127.0.0.1:${port}`], { stdio: 'ignore' });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    return new Prometheus(`http://127.0.0.1:${port}`, async () => {
      child.kill('SIGKILL');
      await exited;
      await rm(dir, { recursive: true, force: true });
    });
  }

  async ask(expression: string): Promise<Sample[]> {
    const reply = await fetch(`${this.url}/api/v1/query?query=${encodeURIComponent(expression)}`);
    return ((await reply.json()) as { data: { result: Sample[] } }).data.result;
  }

  /**
   * Names of the alerts that have fired since the start, by their run; some fire only for a short time. The alert that
   * there is no Monitor at all has no run, and is true until the first scrape.
   */
  async fired(): Promise<Map<string, Set<string>>> {
    const byRun = new Map<string, Set<string>>();
    for (const { metric } of await this.ask('last_over_time(ALERTS{alertstate="firing", run!=""}[1h])')) {
      const run = metric['run']!;
      byRun.set(run, (byRun.get(run) ?? new Set()).add(metric['alertname']!));
    }
    return byRun;
  }
}
