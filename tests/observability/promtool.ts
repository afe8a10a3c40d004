/**
 * Prometheus' own tool: installed here, or in the image of Prometheus.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const IMAGE = 'prom/prometheus:v2.42.0';
const run = promisify(execFile);

/** Runs the tool in a folder, and returns what it writes. */
export type Promtool = (folder: string, ...args: string[]) => Promise<string>;

const inImage = (folder: string) => [
  ...['run', '--rm', '--network=none', `--volume=${folder}:/rules:ro`, '--workdir=/rules', '--entrypoint=promtool'],
  IMAGE,
];
const WAYS: readonly Promtool[] = [
  async (cwd, ...args) => (await run('promtool', args, { cwd })).stdout,
  async (folder, ...args) => (await run('docker', [...inImage(folder), ...args])).stdout,
];

/** Returns the tool; undefined where there is none. */
export async function findPromtool(): Promise<Promtool | undefined> {
  for (const way of WAYS) {
    const works = await way('/', '--version').then(
      () => true,
      () => false,
    );
    if (works) return way;
  }
  return undefined;
}

export const NO_PROMTOOL = `neither promtool nor the image ${IMAGE} can be run`;
