/**
 * A Redis Cluster for a test: masters, with replicas if wanted, and all slots assigned.
 */
import { redisCli } from './redis-cli.js';
import { RedisServer, freePort } from './redis-server.js';
import { until } from './until.js';

const SLOTS = 16_384;

export class RedisCluster {
  private constructor(readonly nodes: readonly RedisServer[]) {}

  /** Starts a cluster; `replicas` is the number for each master. */
  static async start(masters = 3, args: readonly string[] = [], replicas = 0): Promise<RedisCluster> {
    const nodes = await Promise.all(
      Array.from({ length: masters * (1 + replicas) }, async () =>
        RedisServer.start([
          ...['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())],
          ...['--cluster-require-full-coverage', 'no', ...args],
        ]),
      ),
    );
    const cluster = new RedisCluster(nodes);
    await cluster.#join(replicas);
    return cluster;
  }

  /** The address of each node, `host:port`. */
  get addresses(): string[] {
    return this.nodes.map(({ port }) => `127.0.0.1:${port}`);
  }

  /** Runs redis-cli on a node; throws what Redis refuses. */
  cli(node: RedisServer, ...args: string[]): Promise<string> {
    return redisCli(node.port, ...args);
  }

  async slotOf(key: string): Promise<number> {
    return Number(await this.cli(this.nodes[0]!, 'CLUSTER', 'KEYSLOT', key));
  }

  async ownerOf(slot: number): Promise<RedisServer> {
    const asked = this.nodes.find(({ running }) => running)!;
    for (const line of (await this.cli(asked, 'CLUSTER', 'NODES')).split('\n')) {
      const [, address = '', , , , , , , ...ranges] = line.split(' ');
      const owns = ranges.some((range) => {
        const [first = NaN, last = first] = range.split('-').map(Number);
        return first <= slot && slot <= last;
      });
      const node = this.nodes.find(({ port }) => address.startsWith(`127.0.0.1:${port}@`));
      if (owns && node) return node;
    }
    throw new Error(`slot ${slot} has no owner`);
  }

  /** Moves a slot as redis-cli's reshard does, key by key. Returns how many keys that were. */
  async migrate(slot: number, to: RedisServer, { keysAtATime = 5, between = () => Promise.resolve() } = {}) {
    const from = await this.ownerOf(slot);
    const [fromId, toId] = await Promise.all([from, to].map((node) => this.cli(node, 'CLUSTER', 'MYID')));
    await this.cli(to, 'CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', fromId!);
    await this.cli(from, 'CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', toId!);
    let moved = 0;
    for (;;) {
      const found = await this.cli(from, 'CLUSTER', 'GETKEYSINSLOT', String(slot), String(keysAtATime));
      const keys = found.split('\n').filter((key) => key !== '');
      if (keys.length === 0) break;
      await this.cli(from, 'MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', 'KEYS', ...keys);
      moved += keys.length;
      await between();
    }
    for (const node of [to, from, ...this.nodes])
      await this.cli(node, 'CLUSTER', 'SETSLOT', String(slot), 'NODE', toId!);
    return moved;
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  /** True if the node is a master that has this many replicas, or a replica that follows its master. */
  async follows(node: RedisServer, replicas: number): Promise<boolean> {
    const info = await this.cli(node, 'INFO', 'replication');
    return info.includes('role:master') ? info.includes(`connected_slaves:${replicas}`) : node.follows();
  }

  async #join(replicas: number): Promise<void> {
    const form = ['--cluster-replicas', String(replicas), '--cluster-yes'];
    await redisCli([], '--cluster', 'create', ...this.addresses, ...form);
    for (const node of this.nodes) {
      await until('the cluster is joined', async () => {
        const info = await this.cli(node, 'CLUSTER', 'INFO');
        return info.includes('cluster_state:ok') && info.includes(`cluster_slots_ok:${SLOTS}`);
      });
      await until('it has its replicas, or follows', () => this.follows(node, replicas));
    }
  }
}
