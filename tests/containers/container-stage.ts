/**
 * The stage of a story of containers: a run of its own, a Monitor that asks an engine, and workers in containers. After
 * the story everything is closed and removed.
 */
import { expect } from '@jest/globals';
import { ServiceProgram, until } from '@marblerun/test-support';
import type { Container } from 'dockerode';
import { Redis } from 'ioredis';
import { Marble } from 'marblerun';
import { keysOf } from '@marblerun/internal';
import { Communicator } from 'marblerun/communicator';
import { EnginePath } from './engine-path.js';
import type { WorkerContainers, WorkerOptions } from './worker-containers.js';

export const ENGINE = 'unix:///var/run/docker.sock';
/** Settings by which nothing comes back by a lease, or by a connection alone. */
const NEVER = { LEASE_MS: '600000', GONE_MS: '600000' };
/** Far more than a recovery by Docker takes on a busy machine, and far less than one by anything else. */
const SOON_MS = 10_000;

/** The first connection of a worker is noted as its heart's as it enters, that of its thread a second later. */
const FIRST_MS = 900;

export class ContainerStage {
  static #made = 0;
  /** A run of its own on this engine, where other tests have workers too. */
  readonly run: string;
  readonly redis: Redis;
  readonly marble: Marble;
  readonly peek: Communicator;
  readonly cleanUp: (() => unknown)[];

  constructor(readonly workers: WorkerContainers) {
    this.run = `${workers.prefix}-${++ContainerStage.#made}`;
    const bus = { redis: workers.redis, run: this.run };
    this.redis = new Redis(workers.redis);
    this.marble = new Marble(bus);
    this.peek = new Communicator(bus);
    this.cleanUp = [() => this.redis.disconnect(), () => this.peek.close(), () => this.marble.close()];
  }

  async clear(): Promise<void> {
    for (const step of this.cleanUp.reverse()) await step();
  }

  async monitor(docker: string, env: Record<string, string> = {}): Promise<ContainerMonitor> {
    const bus = { MARBLERUN_REDIS: this.workers.redis, MARBLERUN_RUN: this.run };
    const program = new ServiceProgram('monitor', { env: { ...bus, MARBLERUN_DOCKER: docker, ...env } });
    this.cleanUp.push(() => program.kill());
    await until('the Monitor is ready', () => program.isReady());
    return new ContainerMonitor(this.run, program);
  }

  async worker(options: Partial<WorkerOptions> = {}): Promise<Container> {
    const { run, workers } = this;
    const container = await workers.worker({ run, ...options, env: { ...NEVER, ...options.env } });
    this.cleanUp.push(() => container.remove({ force: true, v: true }).catch(() => undefined)); // a story may have removed it
    return container;
  }

  /** Opens a path to the engine that can be closed. */
  async path(): Promise<EnginePath> {
    const path = new EnginePath();
    await path.open();
    this.cleanUp.push(() => path.remove());
    return path;
  }

  async status() {
    return (await this.peek.show()).find(({ queue }) => queue === 'in')!;
  }

  /** Returns the words of what is noted of each heart. */
  async notes(): Promise<string[][]> {
    return Object.values(await this.redis.hgetall(keysOf(this.run).hearts)).map((text) => text.split(' '));
  }

  /**
   * Sends `n` marbles, and waits until they are in the hands of workers whose connections the Monitor has seen: those of
   * their heartbeats' threads, which take the place of the first ones a second after a worker's start.
   */
  async hold(n: number, work: object = { do: 'ignore' }, processes = 1): Promise<void> {
    await this.marble.sendMany(
      'in',
      Array.from({ length: n }, (_, i) => ({ n: i, ...work })),
    );
    await until('all are in hand', async () => (await this.status()).held === n, { deadlineMs: 60_000 });
    await until('the Monitor has seen them', async () => {
      const begun = await this.#begun();
      const seen = (await this.notes()).filter(([, , , at, server]) => server !== '-' && Number(at) > begun + FIRST_MS);
      return seen.length === processes;
    });
  }

  /** Returns when the latest holder was entered, by the clock of Redis. */
  async #begun(): Promise<number> {
    return Math.max(...(await this.peek.status.holders()).map(({ about }) => Number(about['since'])));
  }

  areBack(n: number): Promise<unknown> {
    return until(`${n} are back`, async () => (await this.status()).depth === n, { deadlineMs: SOON_MS, everyMs: 5 });
  }

  /** Passes the time in which a container that has ended is looked for, three times: all `n` are in the same hands. */
  async nothingIsTaken(n: number, before = 0): Promise<void> {
    const end = Date.now() + 1500;
    await until('the Monitor has looked', () => Date.now() > end);
    expect(await this.status()).toMatchObject({ held: n, counts: { dropped: before, returned: before } });
  }
}

export class ContainerMonitor {
  constructor(
    private readonly run: string,
    readonly program: ServiceProgram,
  ) {}

  /** Returns what it tells of its state, by part. */
  async detail(): Promise<Record<string, string>> {
    const [{ loops } = { loops: {} }] = await this.program.get<{ loops: Record<string, string> }[]>('/api/runs');
    return loops;
  }

  async hears(): Promise<void> {
    await until('the engine is heard', async () => (await this.detail())['docker'] === 'turning');
  }

  async metric(series: string): Promise<number> {
    const text = await (await fetch(`${await this.program.url()}/metrics`)).text();
    const line = text.split('\n').find((one) => one.startsWith(`${series} `)) ?? '';
    return Number(line.slice(series.length));
  }

  recovered(by: string): Promise<number> {
    return this.metric(`marblerun_recovery_total{run="${this.run}",by="${by}"}`);
  }

  async hasRecovered(n: number): Promise<void> {
    await until('it is counted', async () => (await this.recovered('docker')) === n);
  }

  heard(event: string): Promise<number> {
    return this.metric(`marblerun_container_events_total{run="${this.run}",event="${event}"}`);
  }

  async hasHeard(event: string, times = 1): Promise<void> {
    await until(`${event} is heard`, async () => (await this.heard(event)) === times);
  }

  isUp(): Promise<number> {
    return this.metric(`marblerun_docker_up{run="${this.run}"}`);
  }

  containers(state: string): Promise<number> {
    return this.metric(`marblerun_containers{run="${this.run}",state="${state}"}`);
  }
}
