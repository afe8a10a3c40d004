/**
 * A real Redis server for a test: on a free port, in a folder of its own, to be killed and restarted at will.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { redisCli } from './redis-cli.js';

/** The text that it writes once it listens, before it reads any files. */
const LISTENS = 'Server initialized';
/** Mends what a kill in the middle of a write left of an append-only file, as our containers do. */
const START = fileURLToPath(new URL('../../../deploy/redis/start.sh', import.meta.url));

export class RedisServer {
  #process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    readonly dir: string,
    private readonly args: readonly string[],
    private readonly program: string,
  ) {}

  /**
   * Starts a server. `args` are options of redis-server, such as `['--appendonly', 'yes']`; nothing is written to disk
   * by default.
   */
  static async start(args: readonly string[] = [], program = 'redis-server'): Promise<RedisServer> {
    const dir = await mkdtemp(join(tmpdir(), 'marblerun-redis-'));
    const server = new RedisServer(await freePort(), dir, args, program);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get running(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Starts it again on the same port and files, with further options. Resolves when it listens. */
  async restart(more: readonly string[] = []): Promise<void> {
    const basics = ['--port', String(this.port), '--dir', this.dir, '--save', '', '--bind', '127.0.0.1'];
    const command = [this.program, ...basics, ...this.args, ...more];
    if (existsSync(join(this.dir, 'appendonlydir'))) command.unshift('sh', START);
    const [program, ...args] = command as [string, ...string[]];
    const env = { ...process.env, DIR: this.dir };
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      child.once('error', (error) =>
        reject(new Error(`${this.program} cannot be started (make test installs it): ${error.message}`)),
      );
      child.once('exit', (code) => reject(new Error(`${this.program} ended with ${code}: ${this.args.join(' ')}`)));
      // The server itself has to say this: what answers on the port may belong to a test that was given the same free
      // port.
      createInterface(child.stdout).on('line', (line) => line.includes(LISTENS) && resolve());
    });
  }

  /** Ends the process at once, as a crash would, or in order with SIGTERM. Resolves when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.running) return;
    const child = this.#process!;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  /** Sends a signal, such as SIGSTOP or SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** True for a replica whose link to its master is up; with `master`, to that one. */
  async follows(master?: RedisServer): Promise<boolean> {
    const replication = (await redisCli(this.port, 'INFO', 'replication')).split(/\r?\n/);
    const isOf = master === undefined || replication.includes(`master_port:${master.port}`);
    return isOf && replication.includes('master_link_status:up');
  }

  /** Ends it and removes its files. Safe to call twice. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.dir, { recursive: true, force: true });
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
