/**
 * Runs the programs of an overlay as processes of this machine. Each has the environment that its container would have,
 * with names of Redis services turned into local ports. One process stands for all replicas of a workload.
 *
 * What may go wrong: an overlay gives a program a wrong environment. Then the program ends or does not get ready, which
 * is what this is to find.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program, RedisServer, ServiceProgram, until } from '@marblerun/test-support';
import type { ApiServer } from './api-server.js';
import type { Manifest } from './render.js';
import { appOf, containersOf, podOf, type Container } from './workload.js';

const ROOT = new URL('../../../', import.meta.url);
const WORKER = fileURLToPath(new URL('examples/dist/worker.js', ROOT));
const USERS = fileURLToPath(new URL('deploy/redis/users.sh', ROOT));
const URLS = /rediss?:\/\/([^:@"]+):([^@"]+)@([^:/"]+):(\d+)/g;

/** The time for all to get ready: many programs begin at once, on a machine that may have other work. */
const READY_MS = 50_000;

type Env = Record<string, string>;
interface Part {
  readonly workload: Manifest;
  readonly env: Env;
  readonly program: Program;
}

async function ready({ workload, program }: Part): Promise<void> {
  if (!(program instanceof ServiceProgram)) {
    await program.line(/waiting for tasks/, READY_MS);
    return;
  }
  const { namespace, name } = workload.metadata;
  const look = async () => {
    const response = await fetch(`${await program.url()}/health/ready`);
    if (!response.ok) throw new Error(await response.text());
    return true;
  };
  await until(`${namespace}/${name} is ready`, look, { deadlineMs: READY_MS, everyMs: 100 });
}

export class LocalCluster {
  readonly parts: Part[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'marblerun-cluster-'));
  readonly #redis = new Map<string, RedisServer>();

  constructor(private readonly server: ApiServer) {}

  /** Starts everything. `elsewhere` describes the users of a Redis outside the cluster. */
  async start(elsewhere?: string): Promise<void> {
    for (const workload of this.server.workloads())
      if (workload.kind === 'StatefulSet') await this.#startRedis(workload);
    if (elsewhere !== undefined) await this.#startElsewhere(elsewhere);
    for (const workload of this.server.workloads()) if (workload.kind === 'Deployment') this.#startProgram(workload);
    await Promise.all(this.parts.map(ready));
  }

  /** The runs that workers work on, each with the login of its worker. */
  get entries(): { redis: string; run: string; namespace: string }[] {
    return this.parts
      .filter(({ program }) => !(program instanceof ServiceProgram))
      .map(({ env, workload }) => ({
        redis: env['MARBLERUN_REDIS']!,
        run: env['MARBLERUN_RUN']!,
        namespace: workload.metadata.namespace!,
      }));
  }

  /** The URLs of the user `admin`, one for each Redis. */
  get admins(): string[] {
    const namespaces = new Set(this.server.workloads().map(({ metadata }) => metadata.namespace!));
    return [...namespaces].map((namespace) => {
      const url = this.server.read('Secret', namespace, { name: 'marblerun-redis-admin', key: 'url' })!;
      return this.#local(url, namespace);
    });
  }

  /** Stops everything in the order of a cluster. Returns the programs that do not end by themselves with code 0. */
  async stop(): Promise<string[]> {
    const ended = await Promise.all(
      this.parts.map(async ({ workload, program }) => {
        const { code, signal } = await program.kill('SIGTERM');
        return code === 0 ? [] : [`${workload.metadata.name} ended with ${code ?? signal}`];
      }),
    );
    return ended.flat();
  }

  async remove(): Promise<void> {
    await Promise.all(this.parts.map(({ program }) => program.kill()));
    await Promise.all([...this.#redis.values()].map((redis) => redis.stop()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /**
   * Starts a Redis. The init container's script writes its users, in its own environment, from the Secrets that it
   * mounts.
   */
  async #startRedis(workload: Manifest): Promise<void> {
    const { namespace = '' } = workload.metadata;
    const [init, redis] = containersOf(workload) as [Container, Container];
    const mounted = (podOf(workload).spec.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
    const logins = mounted.flatMap(({ secret: { name, items } }) =>
      items.map(({ key, path }) => [path, this.server.read('Secret', namespace, { name, key })!] as const),
    );
    const aclFile = this.#writeUsers(namespace, this.#envOf(init, namespace)['USERS']!, logins);
    const given = redis.command!.filter((word) => word.startsWith('--') && !/^--(dir|save|aclfile) /.test(word));
    this.#redis.set(namespace, await RedisServer.start([...given, '--aclfile', aclFile]));
  }

  async #startElsewhere(users: string): Promise<void> {
    const { namespace = '' } = this.server.workloads()[0]!.metadata;
    const names = users.split('\n').map((line) => line.split(' ')[0]!);
    const passwordOf = (name: string) =>
      this.server.read('Secret', namespace, { name: `marblerun-redis-${name}`, key: 'password' })!;
    const aclFile = this.#writeUsers(
      namespace,
      users,
      names.map((name) => [`${name}/password`, passwordOf(name)]),
    );
    this.#redis.set(namespace, await RedisServer.start(['--aclfile', aclFile]));
  }

  #writeUsers(namespace: string, users: string, logins: readonly (readonly [string, string])[]): string {
    const folder = join(this.#folder, namespace);
    for (const [path, password] of logins) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), password);
    }
    const aclFile = join(folder, 'users.acl');
    execFileSync('sh', [USERS], { env: { ...process.env, USERS: users, LOGINS: folder, ACLFILE: aclFile } });
    return aclFile;
  }

  #startProgram(workload: Manifest): void {
    const { namespace = '', name } = workload.metadata;
    const env = this.#envOf(containersOf(workload)[0]!, namespace);
    const app = appOf(podOf(workload));
    if (env['WORKER_PULSE_FILE']) env['WORKER_PULSE_FILE'] = join(this.#folder, `${namespace}-${name}`);
    const program =
      app === 'monitor' || app === 'elevator' ? new ServiceProgram(app, { env }) : new Program(WORKER, { env });
    this.parts.push({ workload, env, program });
  }

  #envOf({ env = [] }: Container, namespace: string): Env {
    const values: Env = {};
    for (const { name, value = '', valueFrom: { configMapKeyRef, secretKeyRef } = {} } of env) {
      values[name] =
        (configMapKeyRef && this.server.read('ConfigMap', namespace, configMapKeyRef)) ??
        (secretKeyRef && this.server.read('Secret', namespace, secretKeyRef)) ??
        value.replace(/\$\((\w+)\)/g, (all, used: string) => values[used] ?? all);
    }
    // This comes after all are filled in: a name that was turned into an address is no longer a name.
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, this.#local(value, namespace)]));
  }

  #local(text: string, namespace: string): string {
    return text.replace(URLS, (_all, user: string, password: string, host: string) => {
      const redis = this.#redis.get(host.startsWith('redis.marblerun') ? host.slice('redis.'.length) : namespace);
      return `redis://${user}:${password}@127.0.0.1:${redis?.port}`;
    });
  }
}
