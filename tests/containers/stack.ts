/**
 * The stack of docker-compose.yml under a project name and on ports of its own: it is brought up, inspected, and torn
 * down.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '@marblerun/test-support';
import Docker, { type Container, type ContainerInspectInfo } from 'dockerode';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const BUILD_MS = 600_000;
const run = promisify(execFile);

const PORTS = ['REDIS_PORT', 'MONITOR_PORT', 'ELEVATOR_PORT', 'PROMETHEUS_PORT'] as const;
type Port = (typeof PORTS)[number];
export type Service = 'monitor' | 'elevator' | 'prometheus';

/** Returns the reason why stories of containers cannot be told here; empty where they can. */
export async function whyNoEngine(): Promise<string> {
  try {
    await new Docker({ timeout: 10_000 }).ping();
  } catch (error) {
    return `no Docker engine answers: ${(error as Error).message}`;
  }
  return whyNoCompose();
}

export function whyNoCompose(): Promise<string> {
  return run('docker', ['compose', 'version']).then(
    () => '',
    () => 'there is no "docker compose"',
  );
}

export class Stack {
  readonly docker = new Docker();
  /** The password of the user `admin` of Redis. */
  #password = '';

  private constructor(
    readonly project: string,
    private readonly ports: Readonly<Record<Port, string>>,
    private readonly profiles: readonly string[],
  ) {}

  /** Builds the images and waits until every service is healthy. */
  static async up(name: string, ...profiles: string[]): Promise<Stack> {
    const ports = {} as Record<Port, string>;
    for (const port of PORTS) ports[port] = String(await freePort());
    const stack = new Stack(`marblerun-${name}-${process.pid}`, ports, profiles);
    try {
      await stack.make('up');
      stack.#password = (
        await stack.compose('run', '--rm', '--no-deps', 'users', 'cat', '/logins/admin/password')
      ).trim();
      return stack;
    } catch (error) {
      const logs = await stack.compose('logs', '--tail', '20');
      await stack.down();
      throw new Error(`the stack does not come up:\n${(error as Error).message}\n${logs}`, { cause: error });
    }
  }

  /** Removes containers, network, volumes and the images that were built for the stack. */
  async down(): Promise<void> {
    await this.compose('down', '--volumes', '--timeout', '5');
    const images = await this.docker.listImages({ filters: { reference: [`${this.project}-*`] } });
    for (const { RepoTags } of images) for (const tag of RepoTags ?? []) await this.docker.getImage(tag).remove();
  }

  get redis(): string {
    return `redis://admin:${this.#password}@127.0.0.1:${this.ports.REDIS_PORT}`;
  }

  url(service: Service): string {
    return `http://127.0.0.1:${this.ports[`${service.toUpperCase() as Uppercase<Service>}_PORT`]}`;
  }

  /** Returns an answer of a service, parsed where it is JSON. */
  async get(service: Service, path: string): Promise<unknown> {
    const reply = await fetch(this.url(service) + path, { signal: AbortSignal.timeout(10_000) });
    if (!reply.ok) throw new Error(`${service}${path}: ${reply.status} ${await reply.text()}`);
    return reply.headers.get('content-type')?.includes('json') ? reply.json() : reply.text();
  }

  /**
   * Returns the value of one series, such as `marblerun_held{run="main",queue="tasks"}`; undefined where there is none.
   */
  async metric(service: Service, series: string): Promise<number | undefined> {
    const lines = String(await this.get(service, '/metrics')).split('\n');
    const line = lines.find((candidate) => candidate.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length));
  }

  /** Lists the containers of a service, or of all. */
  async containers(service?: string): Promise<{ service: string; container: Container; info: ContainerInspectInfo }[]> {
    const label = [`com.docker.compose.project=${this.project}`];
    if (service) label.push(`com.docker.compose.service=${service}`);
    const found = await this.docker.listContainers({ all: true, filters: { label } });
    return Promise.all(
      found.map(async ({ Id, Labels }) => {
        const container = this.docker.getContainer(Id);
        return { service: Labels['com.docker.compose.service']!, container, info: await container.inspect() };
      }),
    );
  }

  /** Evaluates an expression in the Node.js of a container. Throws where it ends with an error. */
  async node(container: Container, program: string): Promise<string> {
    return (await run('docker', ['exec', container.id, 'node', '-p', program])).stdout.trim();
  }

  compose(...args: string[]): Promise<string> {
    return this.#run('docker', 'compose', ...args);
  }

  make(target: string): Promise<string> {
    return this.#run('make', '--no-print-directory', target);
  }

  /** The environment in which commands act on this stack alone, from the checkout. */
  get env(): Record<string, string> {
    const docker = this.profiles.includes('docker') ? 'unix:///run/docker-proxy/docker.sock' : '';
    const profiles = { COMPOSE_PROFILES: this.profiles.join(), MARBLERUN_DOCKER: docker };
    return { COMPOSE_PROJECT_NAME: this.project, ...profiles, ...this.ports };
  }

  async #run(program: string, ...args: string[]): Promise<string> {
    const env = { ...process.env, ...this.env };
    const { stdout } = await run(program, args, { env, cwd: ROOT, timeout: BUILD_MS, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  }
}
