/**
 * A Redis that hangs, seen by the real Prometheus with the rules as they are but for their patience: the alert fires, and no scrape fails.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { spawn, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { RedisServer, ServiceProgram, freePort, freshBus, until } from '@marblerun/test-support';
import { story } from '../story.js';

const RULES = new URL('../../../observability/rules.yml', import.meta.url);
const missing = spawnSync('prometheus', ['--version']).status === 0 ? '' : 'prometheus is not installed';
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

/** Scrapes every 2 s, and alerts after 2 s instead of minutes. */
async function prometheusOf(target: string) {
  const dir = await mkdtemp(join(tmpdir(), 'marblerun-prometheus-'));
  cleanUp.push(() => rm(dir, { recursive: true, force: true }));
  await writeFile(join(dir, 'rules.yml'), (await readFile(RULES, 'utf8')).replaceAll(/for: \d+m/g, 'for: 2s'));
  const config = {
    global: { scrape_interval: '2s', scrape_timeout: '2s', evaluation_interval: '1s' },
    rule_files: ['rules.yml'],
    scrape_configs: [{ job_name: 'monitor', static_configs: [{ targets: [target] }] }],
  };
  await writeFile(join(dir, 'prometheus.json'), JSON.stringify(config));
  const port = await freePort();
  const args = [
    `--config.file=${join(dir, 'prometheus.json')}`,
    `--storage.tsdb.path=${join(dir, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = spawn('prometheus', args, { stdio: 'ignore' });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  cleanUp.push(() => (child.kill('SIGKILL'), exited));
  return async (expression: string) => {
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const { data } = (await (await fetch(url)).json()) as { data: { result: { value: [number, string] }[] } };
    return data.result.map(({ value }) => Number(value[1]));
  };
}

story('prometheus', missing, () => {
  test('a Redis that hangs: every scrape is answered, and MarbleRunRedisAway fires', async () => {
    const server = await RedisServer.start();
    cleanUp.push(() => server.stop());
    const { run } = freshBus(server.url);
    const monitor = new ServiceProgram('monitor', { env: { MARBLERUN_REDIS: server.url, MARBLERUN_RUN: run } });
    cleanUp.push(() => monitor.kill());
    const ask = await prometheusOf(new URL(await monitor.url()).host);
    const firing = () => ask('ALERTS{alertname="MarbleRunRedisAway",alertstate="firing"}');
    await until('it is scraped', async () => (await ask('marblerun_up')).includes(1), { deadlineMs: 30_000 });
    expect(await firing()).toEqual([]);
    server.signal('SIGSTOP');
    cleanUp.push(() => server.signal('SIGCONT'));
    await until('the alert fires', async () => (await firing()).length === 1, { deadlineMs: 30_000 });
    expect(await ask('min_over_time(up[30s])')).toEqual([1]);
  });
});
