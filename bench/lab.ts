/**
 * The bench's equipment: a Redis of its own, worker processes, and what Redis says of itself.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { RedisServer } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { nowUs, type Replies, type Reply, type Requests, type Verb } from './protocol.js';

/** The resources that Redis has used so far. */
export interface RedisUse {
  readonly cpuUs: number;
  readonly commands: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly memory: number;
}

/** The cost of some work, all processes of a side together. */
export interface Cost {
  readonly redisCpuUs: number;
  readonly nodeCpuUs: number;
  readonly commands: number;
  readonly bytes: number;
  readonly us: number;
}

export class Lab {
  readonly #processes = new Set<Process>();

  private constructor(
    readonly server: RedisServer,
    readonly redis: Redis,
  ) {}

  static async start(): Promise<Lab> {
    const server = await RedisServer.start(['--appendonly', 'no', '--maxclients', '40000']);
    return new Lab(server, new Redis(server.url));
  }

  get url(): string {
    return this.server.url;
  }

  async use(): Promise<RedisUse> {
    return readUse(this.redis);
  }

  /** A process of a contestant, connected. */
  process(contestant: string, url = this.url): Process {
    const started: Process = new Process(contestant, url, () => this.#processes.delete(started));
    this.#processes.add(started);
    return started;
  }

  /** Measures what `work` costs Redis and `processes`. */
  async cost(processes: readonly Process[], work: () => Promise<void>): Promise<Cost> {
    const cpu = async () => (await Promise.all(processes.map((one) => one.ask('cpu')))).reduce((a, b) => a + b, 0);
    const [nodeBefore, before, started] = [await cpu(), await this.use(), nowUs()];
    await work();
    const us = nowUs() - started;
    const [after, nodeAfter] = [await this.use(), await cpu()];
    return {
      redisCpuUs: after.cpuUs - before.cpuUs,
      nodeCpuUs: nodeAfter - nodeBefore,
      commands: after.commands - before.commands,
      bytes: after.bytesIn + after.bytesOut - before.bytesIn - before.bytesOut,
      us,
    };
  }

  /** An empty Redis and no process. */
  async clear(): Promise<void> {
    await Promise.all([...this.#processes].map((process) => process.end()));
    await this.redis.flushall('SYNC');
    await this.redis.script('FLUSH');
  }

  async stop(): Promise<void> {
    await this.clear();
    this.redis.disconnect();
    await this.server.stop();
  }
}

export class Process {
  readonly #child: ChildProcess;
  readonly #open = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  #id = 0;

  constructor(
    contestant: string,
    url: string,
    private readonly ended: () => void,
  ) {
    this.#child = fork(new URL('./child.js', import.meta.url), [contestant, url], { execArgv: [] });
    this.#child.on('message', (reply: Reply) => {
      const open = this.#open.get(reply.id);
      this.#open.delete(reply.id);
      if ('error' in reply) open?.reject(new Error(reply.error));
      else open?.resolve(reply.result as never);
    });
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#open.values()) reject(new Error(`${contestant}: the process ended with ${code}`));
      this.#open.clear();
    });
  }

  ask<V extends Verb>(verb: V, args: Requests[V] = {} as Requests[V]): Promise<Replies[V]> {
    return new Promise((resolve, reject) => {
      const id = ++this.#id;
      this.#open.set(id, { resolve, reject });
      this.#child.send({ id, verb, args });
    });
  }

  /** In order where it can, else by force. Safe twice. */
  async end(): Promise<void> {
    this.ended();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 3000);
    this.ask('close').catch(() => undefined);
    await gone;
    clearTimeout(force);
  }
}

async function readUse(redis: Redis): Promise<RedisUse> {
  const info = await redis.info('all');
  const figure = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1] ?? 0);
  let commands = 0;
  for (const [, calls] of info.matchAll(/^cmdstat_.*?:calls=(\d+)/gm)) commands += Number(calls);
  return {
    cpuUs: (figure('used_cpu_sys') + figure('used_cpu_user')) * 1e6,
    commands,
    bytesIn: figure('total_net_input_bytes'),
    bytesOut: figure('total_net_output_bytes'),
    memory: figure('used_memory'),
  };
}
