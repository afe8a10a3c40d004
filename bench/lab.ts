/**
 * The bench's equipment: a server of its own, and processes of contestants.
 */
import type { Redis } from 'ioredis';
import { move, type Cores } from './cores.js';
import { delayProxy, type DelayProxy } from './delay-proxy.js';
import { Process } from './process.js';
import { nowUs } from './protocol.js';
import { startServer, type ServerKind } from './servers/index.js';
import { BenchRedis, type Safety } from './servers/redis.js';
import type { Part, Server, ServerUse } from './servers/server.js';

/** The cost of some work, all processes of a side together. */
export interface Cost {
  readonly serverCpuUs: number;
  readonly nodeCpuUs: number;
  readonly commands: number;
  readonly scripts: number;
  readonly scriptUs: number;
  readonly bytes: number;
  readonly us: number;
}

export class Lab {
  readonly #processes = new Set<Process>();
  #cores: Cores = 'any';
  #link: DelayProxy | undefined;

  private constructor(readonly server: Server) {}

  static async start(kind: ServerKind = 'redis', safety?: Safety): Promise<Lab> {
    return new Lab(await startServer(kind, safety));
  }

  get url(): string {
    return this.server.url;
  }

  /** The bench's own connection, for workloads of Redis only. */
  get redis(): Redis {
    if (this.server instanceof BenchRedis) return this.server.redis;
    throw new Error('this lab has no Redis');
  }

  use(): Promise<ServerUse> {
    return this.server.use();
  }

  /** Where the server runs from now on, and processes that are started from now on. */
  async place(cores: Cores): Promise<void> {
    this.#cores = cores;
    await move(this.server.pids(), cores, 'server');
  }

  /** So many runs, each on a server of its own as long as there are any left. */
  runs(count: number): Part[] {
    const { url, parts } = this.server;
    return Array.from({ length: count }, (_, i) => parts?.[i % parts.length] ?? { url, run: `run-${i}` });
  }

  /** A process of a contestant. One of MarbleRun's may work in another run than the default one. */
  process(contestant: string, part?: Part): Process {
    const env = { ...this.server.env, ...(part && { MARBLERUN_RUN: part.run }) };
    const place = { url: part?.url ?? this.#link?.url ?? this.url, env, cores: this.#cores };
    const started = new Process(contestant, place, () => this.#processes.delete(started));
    this.#processes.add(started);
    return started;
  }

  /** Puts a link with such a round trip between the server and the processes that `work` starts, and ends these. */
  async farAway<T>(roundTripMs: number, work: (link: DelayProxy) => Promise<T>): Promise<T> {
    const link = await delayProxy(this.url, roundTripMs);
    this.#link = link;
    try {
      return await work(link);
    } finally {
      await this.#endProcesses();
      this.#link = undefined;
      link.close();
    }
  }

  /** Measures what `work` costs the server and `processes`. */
  async cost(processes: readonly Process[], work: () => Promise<void>): Promise<Cost> {
    const cpu = async () => (await Promise.all(processes.map((one) => one.ask('cpu')))).reduce((a, b) => a + b, 0);
    const [nodeBefore, before, started] = [await cpu(), await this.use(), nowUs()];
    await work();
    const us = nowUs() - started;
    const [after, nodeAfter] = [await this.use(), await cpu()];
    return { ...between(before, after), nodeCpuUs: nodeAfter - nodeBefore, us };
  }

  /** An empty server and no process. */
  async clear(): Promise<void> {
    await this.#endProcesses();
    await this.server.clear();
  }

  async stop(): Promise<void> {
    await this.#endProcesses();
    await this.server.stop();
  }

  async #endProcesses(): Promise<void> {
    await Promise.all([...this.#processes].map((process) => process.end()));
  }
}

/** The use of a server between two looks. */
export function between(
  before: ServerUse,
  after: ServerUse,
): Pick<Cost, 'serverCpuUs' | 'commands' | 'scripts' | 'scriptUs' | 'bytes'> {
  return {
    serverCpuUs: after.cpuUs - before.cpuUs,
    commands: after.commands - before.commands,
    scripts: after.scripts - before.scripts,
    scriptUs: after.scriptUs - before.scriptUs,
    bytes: after.bytes - before.bytes,
  };
}
