/**
 * A Redis in a container, on a free port of this machine. It is removed by its name, whatever happened before. The
 * `docker` command runs outside the terminal's process group, so that Ctrl-C cannot cut it off between making a
 * container and telling us of it.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { until } from '@marblerun/test-support';

/** The label that says whose container it is: the process id of the stage. */
export const LABEL = 'marblerun.example.stage';
const IMAGE = 'redis:8.0-bookworm';
/** The patience with quick commands, since a machine may be busy. */
const QUICK_MS = 60_000;
const PULL_MS = 300_000;

export class DockerRedis {
  private constructor(
    private readonly name: string,
    readonly url: string,
  ) {}

  /** The reason why Redis cannot be started in Docker, or undefined. Pulls the image where it is missing. */
  static async trouble(say: (text: string) => void): Promise<string | undefined> {
    if (!(await docker(['info'])).ok) return 'no Docker engine answers';
    if ((await docker(['image', 'inspect', IMAGE])).ok) return undefined;
    say(`pulling ${IMAGE}`);
    const { ok, output } = await docker(['pull', '--quiet', IMAGE], PULL_MS);
    return ok ? undefined : `${IMAGE} cannot be pulled: ${output.split('\n').at(-1) ?? ''}`;
  }

  static async start(): Promise<DockerRedis> {
    const name = `marblerun-example-${randomBytes(6).toString('hex')}`;
    try {
      const ours = ['--name', name, '--label', `${LABEL}=${process.pid}`, '--publish', '127.0.0.1::6379'];
      // Protected mode would refuse everything that comes from outside the container; this port is open to this machine
      // only.
      const server = ['redis-server', '--save', '', '--protected-mode', 'no'];
      must(await docker(['run', '--detach', '--rm', ...ours, IMAGE, ...server]));
      const port = Number(/:(\d+)$/m.exec(must(await docker(['port', name, '6379/tcp'])))?.[1]);
      await until(`Redis in ${name} answers on port ${port} of this machine`, () => answers(port));
      return new DockerRedis(name, `redis://127.0.0.1:${port}`);
    } catch (error) {
      await remove(name);
      throw error;
    }
  }

  async stop(): Promise<void> {
    await remove(this.name);
  }
}

async function remove(name: string): Promise<void> {
  const { ok, output } = await docker(['rm', '--force', '--volumes', name]);
  if (!ok && !/no such container/i.test(output)) throw new Error(`container ${name} cannot be removed: ${output}`);
}

/** Asks through the published port: an engine on another machine publishes it there. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('data', (reply) => {
      resolve(reply.toString().startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false)).once('close', () => resolve(false));
  });
}

interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

function must({ ok, output }: Outcome): string {
  if (!ok) throw new Error(`docker: ${output}`);
  return output;
}

function docker(args: readonly string[], timeout = QUICK_MS): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn('docker', args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, timeout });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', (error) => resolve({ ok: false, output: error.message }));
    child.once('close', (code) => resolve({ ok: code === 0, output: Buffer.concat(chunks).toString().trim() }));
  });
}
