/** The machine of a measurement: a figure without its machine and versions says nothing. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { arch, cpus, loadavg, platform, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { WHY_UNPINNED } from '../cores.js';
import { find } from '../servers/programs.js';

const run = promisify(execFile);
const LIBRARIES = [
  'ioredis',
  'bullmq',
  'bee-queue',
  'groupmq',
  'bunqueue',
  'bun',
  'graphile-worker',
  '@nats-io/jetstream',
];
/** Servers beside Redis, and what makes them tell their version. */
const SERVERS = [
  ['beanstalkd', '-v'],
  ['nats-server', '-v'],
  ['postgres', '--version'],
] as const;

export interface About {
  readonly quick: boolean;
  readonly rounds: number;
  readonly minutes: number;
  /** How often the run had ended early, and was gone on with. */
  readonly resumed: number;
  /** Contestants whose server was not there, and why. */
  readonly leftOut: ReadonlyMap<string, string>;
}

export async function machine({ quick, rounds, minutes, resumed, leftOut }: About): Promise<string> {
  const redis = /v=(\S+)/.exec((await run('redis-server', ['--version'])).stdout)?.[1] ?? '?';
  const versions = await Promise.all(LIBRARIES.map(async (name) => `${name} ${await version(name)}`));
  const servers = await Promise.all(SERVERS.map(([program, flag]) => told(program, flag)));
  const [cpu] = cpus();
  const load = loadavg()[0]!.toFixed(1);
  return [
    `- ${cpus().length} × ${cpu?.model.trim() ?? arch()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()}; load when it ended: ${load}`,
    `- Redis ${redis}, nothing written to disk, on the same machine; Node.js ${process.version}; ${versions.join(', ')}; ${servers.filter(Boolean).join(', ')}`,
    `- ${rounds} round(s), fewer where a row takes long, one for a point of a curve; ${Math.round(minutes)} minutes${quick ? '; quick: fewer marbles than in a full run' : ''}${resumed > 0 ? `; ended early and gone on with ${resumed} time(s)` : ''}`,
    `- ${WHY_UNPINNED ?? 'pinned by `taskset` where a row names cores; else left to the system'}`,
    ...[...leftOut].map(([name, why]) => `- ${name} was left out: ${why}`),
  ].join('\n');
}

/** The first line that a server says of its version; nothing where it is not there. */
async function told(program: string, flag: string): Promise<string> {
  const path = find(program);
  return path ? (await run(path, [flag])).stdout.trim() : '';
}

async function version(name: string): Promise<string> {
  const path = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(await readFile(path, 'utf8')) as { version: string }).version;
}
