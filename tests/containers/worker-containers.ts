/**
 * Workers in containers of their own, and a Redis beside them in their network, for stories of containers that end.
 *
 * The workers are programs of this checkout, which is mounted read-only into plain Node.js. Everything has the name of
 * this process, and is removed by `stop`.
 */
import { fileURLToPath } from 'node:url';
import { freePort, until } from '@marblerun/test-support';
import Docker, { type Container, type ContainerCreateOptions, type Network } from 'dockerode';
import { Redis } from 'ioredis';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
const NODE_IMAGE = process.env['NODE_IMAGE'] ?? 'node:24-bookworm-slim';
const REDIS_IMAGE = process.env['REDIS_IMAGE'] ?? 'redis:8.0-bookworm';

export interface WorkerOptions {
  /** Its name; by default a new one. */
  readonly name?: string;
  /** The name of the run, and of its label. */
  readonly run: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly host?: ContainerCreateOptions['HostConfig'];
  /** A program of Node.js to run in place of the worker that does what its marbles say. */
  readonly program?: readonly string[];
}

export class WorkerContainers {
  readonly docker = new Docker();
  #made = 0;

  private constructor(
    readonly prefix: string,
    private readonly network: Network,
    private readonly port: number,
  ) {}

  /** Starts the network and its Redis. */
  static async start(name: string): Promise<WorkerContainers> {
    const docker = new Docker();
    const prefix = `marblerun-${name}-${process.pid}`;
    const network = await docker.createNetwork({ Name: prefix });
    const port = await freePort();
    const workers = new WorkerContainers(prefix, network, port);
    try {
      await workers.#run(`${prefix}-redis`, {
        Image: REDIS_IMAGE,
        Cmd: ['redis-server', '--save', '', '--protected-mode', 'no'],
        HostConfig: { PortBindings: { '6379/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }] } },
      });
      const redis = new Redis(workers.redis, { retryStrategy: () => 50, maxRetriesPerRequest: null });
      redis.on('error', () => undefined); // until it listens
      await until('its Redis answers', () => redis.ping()).finally(() => redis.disconnect());
      return workers;
    } catch (error) {
      await workers.stop();
      throw error;
    }
  }

  /** The address of its Redis, from this machine. */
  get redis(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts a worker in a container, without its own init unless `host` says so. */
  worker({ name, run, env = {}, host = {}, program }: WorkerOptions): Promise<Container> {
    const variables = { MARBLERUN_REDIS: `redis://${this.prefix}-redis:6379`, MARBLERUN_RUN: run, LEASE_MS: '600000' };
    const all = Object.entries({ ...variables, ...env });
    return this.#run(name ?? `${this.prefix}-${++this.#made}`, {
      Image: NODE_IMAGE,
      Cmd: ['node', ...(program ?? [`${ROOT}/tests/dist/programs/handlers.js`])],
      Env: all.map(([variable, value]) => `${variable}=${value}`),
      Labels: { 'marblerun.run': run },
      HostConfig: { Init: true, ...host, Binds: [`${ROOT}:${ROOT}:ro`] },
    });
  }

  /** Removes all containers of its network, and the network. Safe to call twice. */
  async stop(): Promise<void> {
    const filters = { network: [this.prefix] };
    const all = await this.docker.listContainers({ all: true, filters });
    await Promise.all(all.map(({ Id }) => this.docker.getContainer(Id).remove({ force: true, v: true })));
    await this.network.remove().catch((error: unknown) => {
      if ((error as { statusCode?: number }).statusCode !== 404) throw error;
    });
  }

  async #run(name: string, options: ContainerCreateOptions): Promise<Container> {
    const container = await this.docker.createContainer({
      ...options,
      name,
      HostConfig: { ...options.HostConfig, NetworkMode: this.prefix },
    });
    await container.start();
    return container;
  }
}
