/**
 * A small compose project: a Redis, and a worker from this checkout whose settings a test chooses. It has a name and a
 * port of its own, and all of it is removed at the end.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '@marblerun/test-support';
import Docker, { type ContainerInspectInfo } from 'dockerode';
import { stringify } from 'yaml';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const UP_MS = 120_000;
const PASSWORD = 'the-password-of-the-stack';
const run = promisify(execFile);

/** Settings of a compose service. */
export type ServiceForm = Readonly<Record<string, unknown>>;

export class SmallStack {
  readonly docker = new Docker();
  /** The checkout, which workers find at /app. */
  readonly root = ROOT;
  private readonly folder = mkdtempSync(join(tmpdir(), 'marblerun-compose-'));

  private constructor(
    readonly project: string,
    private readonly port: number,
  ) {}

  /** Starts it with one container of each service. */
  static async up(name: string, services: Readonly<Record<string, ServiceForm>>): Promise<SmallStack> {
    const stack = new SmallStack(`marblerun-${name}-${process.pid}`, await freePort());
    try {
      stack.write(services);
      await stack.compose('up', '--detach', '--wait');
      return stack;
    } catch (error) {
      await stack.down();
      throw error;
    }
  }

  get redis(): string {
    return `redis://:${PASSWORD}@127.0.0.1:${this.port}`;
  }

  /** Writes the compose file; `up` brings it about. */
  write(services: Readonly<Record<string, ServiceForm>>, volumes: readonly string[] = []): void {
    const redis = {
      image: 'redis:8.0-bookworm',
      command: ['redis-server', '--save', '', '--maxmemory-policy', 'noeviction', '--requirepass', PASSWORD],
      ports: [`127.0.0.1:${this.port}:6379`],
      healthcheck: {
        test: ['CMD', 'redis-cli', '-a', PASSWORD, '-e', 'ping'],
        interval: '1s',
        timeout: '5s',
        retries: 30,
      },
    };
    const workers = Object.entries(services).map(([name, form]) => [name, { ...WORKER, ...form }] as const);
    const form = {
      services: { redis, ...Object.fromEntries(workers) },
      volumes: Object.fromEntries(volumes.map((name) => [name, {}])),
    };
    writeFileSync(join(this.folder, 'compose.yml'), stringify(form));
  }

  async compose(...args: string[]): Promise<string> {
    const file = join(this.folder, 'compose.yml');
    const { stdout } = await run('docker', ['compose', '-p', this.project, '-f', file, ...args], { timeout: UP_MS });
    return stdout;
  }

  /** Describes the containers of a service, by their numbers. */
  async containers(service: string): Promise<ContainerInspectInfo[]> {
    const label = [`com.docker.compose.project=${this.project}`, `com.docker.compose.service=${service}`];
    const listed = await this.docker.listContainers({ all: true, filters: { label } });
    const infos = await Promise.all(
      listed.map(({ Id }) =>
        this.docker
          .getContainer(Id)
          .inspect()
          .catch(() => undefined),
      ),
    );
    const number = ({ Config }: ContainerInspectInfo) => Number(Config.Labels['com.docker.compose.container-number']);
    return infos.filter((info) => info !== undefined).sort((a, b) => number(a) - number(b));
  }

  /** Lists the names of the containers of a service that run, without that of the project. */
  async running(service: string): Promise<string[]> {
    const all = await this.containers(service);
    return all.filter(({ State }) => State.Running).map(({ Name }) => Name.replace(`/${this.project}-`, ''));
  }

  async down(): Promise<void> {
    await this.compose('down', '--volumes', '--remove-orphans', '--timeout', '1').finally(() => {
      rmSync(this.folder, { recursive: true });
    });
  }
}

/** A worker that does what its marbles say (`programs/handlers.ts`). */
const WORKER: ServiceForm = {
  image: 'node:24-bookworm-slim',
  init: true,
  user: 'node',
  command: ['node', '/app/tests/dist/programs/handlers.js'],
  volumes: [`${ROOT}:/app:ro`],
  depends_on: { redis: { condition: 'service_healthy' } },
  restart: 'unless-stopped',
  stop_grace_period: '20s',
};

/** The environment of such a worker. */
export const workerEnv = (env: Readonly<Record<string, string>> = {}) => ({
  ...{
    MARBLERUN_REDIS: `redis://:${PASSWORD}@redis:6379`,
    MARBLERUN_RUN: 'main',
    LEASE_MS: '3000',
    CONCURRENCY: '1',
    DRAIN_MS: '15000',
  },
  ...env,
});
