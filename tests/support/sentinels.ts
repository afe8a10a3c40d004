/**
 * A master, its replica, and Sentinels that watch them: of a test's own.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisCli } from './redis-cli.js';
import { RedisServer, freePort } from './redis-server.js';
import { until } from './until.js';

export class Sentinels {
  readonly #processes: ChildProcess[] = [];
  readonly ports: number[] = [];

  private constructor(
    readonly master: RedisServer,
    readonly replica: RedisServer,
    private readonly dir: string,
  ) {}

  /** Three Sentinels; a master that is silent for `downAfterMs` is replaced. */
  static async start(name = 'mymaster', downAfterMs = 1000): Promise<Sentinels> {
    const master = await RedisServer.start(['--appendonly', 'yes']);
    const replica = await RedisServer.start(['--appendonly', 'yes', '--replicaof', '127.0.0.1', String(master.port)]);
    const group = new Sentinels(master, replica, await mkdtemp(join(tmpdir(), 'marblerun-sentinel-')));
    await until('the replica follows', async () =>
      (await redisCli(replica.port, 'INFO', 'replication')).includes('master_link_status:up'),
    );
    for (let i = 0; i < 3; i++) await group.#watch(name, downAfterMs);
    await until('the Sentinels know each other and the replica', async () => {
      const found = await Promise.all(group.ports.map((port) => redisCli(port, 'SENTINEL', 'MASTER', name)));
      return found.every((text) => /num-slaves\n1\n/.test(text) && /num-other-sentinels\n2\n/.test(text));
    });
    return group;
  }

  /** `host:port` of each Sentinel. */
  get addresses(): string[] {
    return this.ports.map((port) => `127.0.0.1:${port}`);
  }

  /** The port of the master, as the Sentinels have it now. */
  async masterPort(name = 'mymaster'): Promise<number> {
    const [, port] = (await redisCli(this.ports[0]!, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)).split('\n');
    return Number(port);
  }

  async stop(): Promise<void> {
    for (const child of this.#processes) child.kill('SIGKILL');
    await Promise.all([this.master.stop(), this.replica.stop()]);
    await rm(this.dir, { recursive: true, force: true });
  }

  async #watch(name: string, downAfterMs: number): Promise<void> {
    const port = await freePort();
    const file = join(this.dir, `${port}.conf`);
    const lines = [
      ...[`port ${port}`, 'bind 127.0.0.1', `dir ${this.dir}`],
      `sentinel monitor ${name} 127.0.0.1 ${this.master.port} 2`,
      `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
      `sentinel failover-timeout ${name} 10000`,
    ];
    await writeFile(file, lines.join('\n'));
    this.#processes.push(spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' }));
    this.ports.push(port);
    await until(`Sentinel ${port} answers`, async () => (await redisCli(port, 'PING')) === 'PONG');
  }
}
