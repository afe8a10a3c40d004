/**
 * The proxy that comes with the Monitor, before the engine of this machine: what a Monitor does through it needs no more
 * rights than it lets through.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program } from '@marblerun/test-support';

const PROXY = fileURLToPath(new URL('../../../services/monitor/dist/docker-proxy/main.js', import.meta.url));

export class EngineProxy {
  private constructor(
    private readonly folder: string,
    private readonly program: Program,
  ) {}

  static async start(allow: 'reads' | 'restart' | 'scale'): Promise<EngineProxy> {
    const folder = mkdtempSync(join(tmpdir(), 'marblerun-proxy-'));
    const env = { MARBLERUN_PROXY_SOCKET: join(folder, 'docker.sock'), MARBLERUN_PROXY_ALLOW: allow };
    const program = new Program(PROXY, { env });
    await program.line(/"msg":"listening"/);
    return new EngineProxy(folder, program);
  }

  get address(): string {
    return `unix://${join(this.folder, 'docker.sock')}`;
  }

  /** The requests that it has refused. */
  get refusals(): string[] {
    return this.program.lines.filter((line) => line.includes('refusal'));
  }

  async stop(): Promise<void> {
    await this.program.kill();
    rmSync(this.folder, { recursive: true });
  }
}
