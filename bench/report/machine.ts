/** The machine of a measurement: a figure without its machine and versions says nothing. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { arch, cpus, loadavg, platform, totalmem } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);
const LIBRARIES = ['bullmq', 'bee-queue', 'groupmq', 'ioredis'];

export interface About {
  readonly quick: boolean;
  readonly rounds: number;
}

export async function machine({ quick, rounds }: About): Promise<string> {
  const redis = /v=(\S+)/.exec((await run('redis-server', ['--version'])).stdout)?.[1] ?? '?';
  const versions = await Promise.all(LIBRARIES.map(async (name) => `${name} ${await version(name)}`));
  const [cpu] = cpus();
  const load = loadavg()[0]!.toFixed(1);
  return [
    `- ${cpus().length} × ${cpu?.model.trim() ?? arch()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()}; load when it ended: ${load}`,
    `- Redis ${redis}, nothing written to disk, on the same machine; Node.js ${process.version}; ${versions.join(', ')}`,
    `- ${rounds} round(s)${quick ? ', quick: fewer marbles than in a full run' : ''}`,
  ].join('\n');
}

async function version(name: string): Promise<string> {
  const path = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(await readFile(path, 'utf8')) as { version: string }).version;
}
