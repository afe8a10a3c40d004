/**
 * Measures how long it takes from the end of a worker with 50 marbles in hand until these are back in their queue, at
 * defaults: `node tests/dist/recovery/main.js [fault] [by] [how often] [how many at once]`. Prints p50 and p99, in ms.
 * By is `connection`, `lease`, or `docker`, which needs a Docker engine and plays one at a time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Program, Proxy, RedisServer, ServiceProgram, until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Marble } from 'marblerun';
import { keysOf } from '@marblerun/internal';
import { WorkerContainers } from '../containers/worker-containers.js';
import { CONTAINER_FAULTS, playInContainer } from './container-faults.js';
import { FAULTS, type Fault } from './faults.js';

const HANDLERS = new URL('../programs/handlers.js', import.meta.url).pathname;
const MARBLES = 50;
const DEFAULT_LEASE_MS = 15_000;
/** Longer than the Monitor's turns: so the moment of the fault is by chance. */
const CHANCE_MS = 1500;
const keys = keysOf('main');
type By = 'connection' | 'lease';

async function play(fault: Fault, by: By): Promise<number> {
  const server = await RedisServer.start(['--appendonly', 'yes']);
  const proxy = await Proxy.start(server.port);
  const redis = new Redis(server.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  const marble = new Marble({ redis: server.url });
  const monitor = new ServiceProgram('monitor', { env: { MARBLERUN_REDIS: server.url } });
  const goneMs = by === 'connection' ? '1000' : '0';
  const env = { MARBLERUN_REDIS: proxy.url, LEASE_MS: String(DEFAULT_LEASE_MS), GONE_MS: goneMs, ...fault.env };
  const worker = new Program(HANDLERS, { env });
  try {
    await until('the Monitor is ready', () => monitor.isReady());
    await marble.sendMany(
      'in',
      Array.from({ length: MARBLES }, (_, n) => ({ n, do: 'ignore' })),
    );
    const notes = async () => Object.values(await redis.hgetall(keys.hearts));
    const isSeen = async () => by === 'lease' || (await notes()).some((text) => !text.includes(' - '));
    await until('all are in hand', async () => worker.lines.length >= MARBLES && (await isSeen()));
    if (!fault.fromTheStart) await sleep(Math.random() * CHANCE_MS);
    const at = performance.now();
    await fault.strike({ worker, server, proxy });
    await until('all are back', async () => (await redis.llen(keys.queue('in'))) === MARBLES, {
      deadlineMs: 60_000,
      everyMs: 5,
    });
    return performance.now() - at;
  } finally {
    await Promise.all([worker.kill(), monitor.kill()]);
    redis.disconnect();
    await marble.close().catch(() => undefined);
    await proxy.stop();
    await server.stop();
  }
}

function quantile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!);
}

const [only = '', onlyBy = '', times = '20', atOnce = '1'] = process.argv.slice(2);

/** Plays until there are enough, and prints a line of them. */
async function tell(name: string, by: string, some: () => Promise<number[]>): Promise<void> {
  const took: number[] = [];
  while (took.length < Number(times)) took.push(...(await some()));
  print(name, by, took);
}

function print(name: string, by: string, took: number[]): void {
  took.sort((a, b) => a - b);
  const figures = [took.length, quantile(took, 0.5), quantile(took, 0.99), Math.round(took.at(-1)!)];
  console.log(`| ${name} | ${by} | ${figures.join(' | ')} |`);
}

console.log('| fault | by | n | p50 | p99 | most |\n| --- | --- | ---: | ---: | ---: | ---: |');
for (const fault of FAULTS.filter(({ name }) => name.includes(only))) {
  for (const by of (['connection', 'lease'] as const).filter((one) => one.includes(onlyBy)))
    await tell(fault.name, by, () => Promise.all(Array.from({ length: Number(atOnce) }, () => play(fault, by))));
}
if ('docker'.includes(onlyBy)) {
  const workers = await WorkerContainers.start('recovery');
  try {
    for (const fault of CONTAINER_FAULTS.filter(({ name }) => name.startsWith(only))) {
      const told: number[] = [];
      await tell(fault.name, 'docker', async () => {
        const { backMs, toldMs } = await playInContainer(fault, workers);
        if (toldMs !== undefined) told.push(toldMs);
        return [backMs];
      });
      if (told.length > 0) print(`${fault.name}: the engine tells`, 'docker', told);
    }
  } finally {
    await workers.stop();
  }
}
process.exit(0); // half-open connections are kept for longer
