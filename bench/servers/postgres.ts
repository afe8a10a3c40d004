/** PostgreSQL as fast as it can be: like the Redis of this bench it promises nothing after a crash. */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, until } from '@marblerun/test-support';
import { childrenOf, cpuUsOf } from './cpu.js';
import type { Server, ServerUse } from './server.js';

const run = promisify(execFile);

/** Nothing waits for the disk, and the buffers hold all that the bench keeps. */
export const POSTGRES_SETTINGS = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'wal_level=minimal',
  'max_wal_senders=0',
  'shared_buffers=1GB',
  'max_connections=100',
];

export class PostgresServer implements Server {
  private constructor(
    private readonly port: number,
    private readonly dir: string,
    private readonly process: ChildProcess,
  ) {}

  static async start(program: string): Promise<PostgresServer> {
    const dir = await mkdtemp(join(tmpdir(), 'marblerun-postgres-'));
    const user = unprivileged();
    if (user) await chown(dir, user.uid, user.gid);
    const port = await freePort();
    const initdb = join(dirname(program), 'initdb');
    await run(initdb, ['-D', dir, '-A', 'trust', '-U', 'bench', '--no-sync'], { ...user, cwd: dir });
    const settings = [
      ...POSTGRES_SETTINGS,
      `port=${port}`,
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${dir}`,
    ];
    const args = ['-D', dir, ...settings.flatMap((setting) => ['-c', setting])];
    const child = spawn(program, args, { ...user, cwd: dir, stdio: 'ignore' });
    const server = new PostgresServer(port, dir, child);
    await until('PostgreSQL listens', () => server.#query('SELECT 1'));
    return server;
  }

  get url(): string {
    return `postgres://bench@127.0.0.1:${this.port}/postgres`;
  }

  pids(): number[] {
    return [this.process.pid!, ...childrenOf(this.process.pid!)];
  }

  use(): Promise<ServerUse> {
    const cpuUs = cpuUsOf(this.process.pid!);
    return Promise.resolve({ cpuUs, commands: NaN, scripts: NaN, scriptUs: NaN, bytes: NaN, memory: NaN });
  }

  async clear(): Promise<void> {
    await this.#query('DROP SCHEMA IF EXISTS graphile_worker CASCADE');
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGINT'); // its fast shutdown: it ends all sessions
    await gone;
    await rm(this.dir, { recursive: true, force: true });
  }

  async #query(text: string): Promise<true> {
    await run('psql', [this.url, '-qc', text]);
    return true;
  }
}

/** PostgreSQL refuses to run as root: then the user that Debian's package makes. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid!() !== 0) return undefined;
  const id = (what: string) => Number(execFileSync('id', [what, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
