/** A server that is one program on a port: it is emptied by starting it anew. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from '@marblerun/test-support';
import { cpuUsOf } from './cpu.js';
import type { Server, ServerUse } from './server.js';

/** The ports and the folder that a server has for itself. */
export interface Place {
  readonly port: number;
  /** For what it insists on beside its protocol. */
  readonly otherPort: number;
  readonly dir: string;
}

export interface SpawnOptions {
  readonly command: (place: Place) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The characters of its last words that are kept. */
const MOST_SAID = 2000;

export class SpawnedServer implements Server {
  #process: ChildProcess | undefined;

  private constructor(
    private readonly place: Place,
    private readonly options: SpawnOptions,
  ) {}

  static async start(options: SpawnOptions): Promise<SpawnedServer> {
    const dir = await mkdtemp(join(tmpdir(), 'marblerun-bench-'));
    const server = new SpawnedServer({ port: await freePort(), otherPort: await freePort(), dir }, options);
    await server.#start();
    return server;
  }

  get url(): string {
    return `tcp://127.0.0.1:${this.place.port}`;
  }

  pids(): number[] {
    return [this.#process!.pid!];
  }

  use(): Promise<ServerUse> {
    const cpuUs = cpuUsOf(this.#process!.pid!);
    return Promise.resolve({ cpuUs, commands: NaN, scripts: NaN, scriptUs: NaN, bytes: NaN, memory: NaN });
  }

  async clear(): Promise<void> {
    await this.#end();
    await this.#start();
  }

  async stop(): Promise<void> {
    await this.#end();
    await rm(this.place.dir, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    const [program = '', ...args] = this.options.command(this.place);
    const env = { ...process.env, ...this.options.env };
    const child = spawn(program, args, { cwd: this.place.dir, env, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process = child;
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said = (said + text.toString()).slice(-MOST_SAID)));
    await until(`${program} listens`, () => listens(this.place.port)).catch((error: unknown) => {
      throw new Error(`${program} did not start: ${said}`, { cause: error });
    });
  }

  async #end(): Promise<void> {
    const child = this.#process!;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL'); // nothing of it is needed any more
    await gone;
  }
}

function listens(port: number): Promise<true> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).on('error', reject);
  });
}
