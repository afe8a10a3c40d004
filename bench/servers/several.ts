/** Three servers of Redis, by themselves or as the masters of a Cluster. */
import { keysOf } from '@marblerun/internal';
import { RedisCluster, RedisServer } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { MASTERS } from '../names.js';
import { BASICS, empty, useOf } from './redis.js';
import type { Part, Server, ServerUse } from './server.js';

export class SeveralRedis implements Server {
  readonly #connections: readonly Redis[];

  private constructor(
    private readonly servers: readonly RedisServer[],
    readonly parts: readonly Part[],
  ) {
    this.#connections = servers.map(({ url }) => new Redis(url));
  }

  static async start(): Promise<SeveralRedis> {
    const servers = await Promise.all(Array.from({ length: MASTERS }, () => RedisServer.start(BASICS)));
    return new SeveralRedis(
      servers,
      servers.map(({ url }) => ({ url, run: 'main' })),
    );
  }

  static async startCluster(): Promise<SeveralRedis> {
    const cluster = await RedisCluster.start(MASTERS, BASICS);
    // The long form of MarbleRun, as JSON: no other contestant runs on a Cluster here.
    const url = JSON.stringify({ cluster: cluster.addresses });
    const runs = await runOnEach(cluster);
    return new SeveralRedis(
      cluster.nodes,
      runs.map((run) => ({ url, run })),
    );
  }

  get url(): string {
    return this.parts[0]!.url;
  }

  pids(): number[] {
    return this.servers.map(({ pid }) => pid!);
  }

  /** All of them together. */
  async use(): Promise<ServerUse> {
    const uses = await Promise.all(this.#connections.map(useOf));
    const sum = (figure: keyof ServerUse) => uses.reduce((all, use) => all + use[figure], 0);
    return {
      cpuUs: sum('cpuUs'),
      commands: sum('commands'),
      scripts: sum('scripts'),
      scriptUs: sum('scriptUs'),
      bytes: sum('bytes'),
      memory: sum('memory'),
    };
  }

  async clear(): Promise<void> {
    await Promise.all(this.#connections.map(empty));
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.disconnect();
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}

/** Finds a run for each master, whose slot is there. */
async function runOnEach(cluster: RedisCluster): Promise<string[]> {
  const runs = new Map<RedisServer, string>();
  for (let i = 0; runs.size < MASTERS; i++) {
    const run = `run-${i}`;
    const owner = await cluster.ownerOf(await cluster.slotOf(keysOf(run).layout));
    if (!runs.has(owner)) runs.set(owner, run);
  }
  return [...runs.values()];
}
