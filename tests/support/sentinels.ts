/**
 * A master, its replica, and Sentinels that watch them, for a test.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisCli } from './redis-cli.js';
import { RedisServer, freePort } from './redis-server.js';
import { until } from './until.js';

/** Options of the servers. With `repl-diskless-sync-delay` 0 one replica need not wait for others to come. */
const SERVER = ['--appendonly', 'yes', '--repl-diskless-sync-delay', '0'];
/** The pace of looks. Each starts programs, so looks must not be so frequent that they slow down what they look at. */
const slowly = { deadlineMs: 60_000, everyMs: 400 };

export interface SentinelsOptions {
  readonly name?: string;
  /** The silence after which a master is replaced. */
  readonly downAfterMs?: number;
  /** A time that bounds failovers: the next one may follow after twice this. */
  readonly failoverTimeoutMs?: number;
}

export class Sentinels {
  readonly #processes: ChildProcess[] = [];
  readonly ports: number[] = [];

  private constructor(
    readonly name: string,
    /** The server that was the master at first; the other was its replica. */
    readonly master: RedisServer,
    readonly replica: RedisServer,
    private readonly dir: string,
  ) {}

  /** Starts the servers and three Sentinels. */
  static async start(options: SentinelsOptions = {}): Promise<Sentinels> {
    const { name = 'mymaster', downAfterMs = 1000, failoverTimeoutMs = 10_000 } = options;
    const master = await RedisServer.start(SERVER);
    const replica = await RedisServer.start([...SERVER, '--replicaof', '127.0.0.1', String(master.port)]);
    const group = new Sentinels(name, master, replica, await mkdtemp(join(tmpdir(), 'marblerun-sentinel-')));
    await until('the replica follows', () => replica.follows());
    for (let i = 0; i < 3; i++) await group.#watch(downAfterMs, failoverTimeoutMs);
    await until('the Sentinels know each other and the replica', async () => {
      const found = await Promise.all(group.ports.map((port) => redisCli(port, 'SENTINEL', 'MASTER', name)));
      return found.every((text) => /num-slaves\n1\n/.test(text) && /num-other-sentinels\n2\n/.test(text));
    });
    return group;
  }

  /** The address of each Sentinel, `host:port`. */
  get addresses(): string[] {
    return this.ports.map((port) => `127.0.0.1:${port}`);
  }

  /** Returns the port of the master, as one of the Sentinels has it now. */
  async masterPort(sentinel = this.ports[0]!): Promise<number> {
    const [, port] = (await redisCli(sentinel, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.name)).split('\n');
    return Number(port);
  }

  /** Returns the server that is the master now, and the other one. */
  async roles(): Promise<{ readonly master: RedisServer; readonly other: RedisServer }> {
    const isFirst = (await this.masterPort()) === this.master.port;
    return isFirst ? { master: this.master, other: this.replica } : { master: this.replica, other: this.master };
  }

  /**
   * Makes the Sentinels talk and look more often: an old master is then made a replica after two seconds instead of
   * ten.
   */
  async hurry(): Promise<void> {
    for (const port of this.ports)
      await redisCli(port, 'SENTINEL', 'DEBUG', 'publish-period', '500', 'info-period', '1000');
  }

  /** Asks for a failover from a master that lives. Resolves when it has begun. */
  async failOver(): Promise<void> {
    await until(
      'a failover begins',
      async () => (await redisCli(this.ports[0]!, 'SENTINEL', 'FAILOVER', this.name)) === 'OK',
      slowly,
    );
  }

  /** Resolves when all Sentinels have `server` as the master. */
  async promoted(server: RedisServer): Promise<void> {
    const agree = async (sentinel: number) => (await this.masterPort(sentinel)) === server.port;
    await until(
      `all Sentinels have ${server.port} as the master`,
      async () => (await Promise.all(this.ports.map(agree))).every(Boolean),
      slowly,
    );
  }

  /** Starts a server that was killed as a replica of the master. */
  restartAsReplica(server: RedisServer, master: RedisServer): Promise<void> {
    return server.restart(['--replicaof', '127.0.0.1', String(master.port)]);
  }

  /** Resolves when the other server follows the master, and every Sentinel sees both so. */
  async whole(): Promise<void> {
    const look = async () => {
      const { master, other } = await this.roles();
      if (!(await other.follows(master))) return false;
      if (!(await redisCli(master.port, 'INFO', 'replication')).includes('state=online')) return false;
      return (await Promise.all(this.ports.map((sentinel) => this.#seesBoth(sentinel, master, other)))).every(Boolean);
    };
    await until('the replica follows, and the Sentinels know', look, slowly);
  }

  async #seesBoth(sentinel: number, master: RedisServer, other: RedisServer): Promise<boolean> {
    const above = await redisCli(sentinel, 'SENTINEL', 'MASTER', this.name);
    const below = await redisCli(sentinel, 'SENTINEL', 'REPLICAS', this.name);
    return (
      above.includes(`\nport\n${master.port}\n`) &&
      above.includes('\nflags\nmaster\n') &&
      below.includes(`\nport\n${other.port}\n`) &&
      below.includes('\nflags\nslave\n') &&
      below.includes('\nmaster-link-status\nok\n')
    );
  }

  async stop(): Promise<void> {
    for (const child of this.#processes) child.kill('SIGKILL');
    await Promise.all([this.master.stop(), this.replica.stop()]);
    await rm(this.dir, { recursive: true, force: true });
  }

  async #watch(downAfterMs: number, failoverTimeoutMs: number): Promise<void> {
    const port = await freePort();
    const file = join(this.dir, `${port}.conf`);
    const lines = [
      ...[`port ${port}`, 'bind 127.0.0.1', `dir ${this.dir}`],
      `sentinel monitor ${this.name} 127.0.0.1 ${this.master.port} 2`,
      `sentinel down-after-milliseconds ${this.name} ${downAfterMs}`,
      `sentinel failover-timeout ${this.name} ${failoverTimeoutMs}`,
    ];
    await writeFile(file, lines.join('\n'));
    this.#processes.push(spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' }));
    this.ports.push(port);
    await until(`Sentinel ${port} answers`, async () => (await redisCli(port, 'PING')) === 'PONG');
  }
}
