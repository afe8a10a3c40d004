/**
 * A Monitor or an Elevator in a process of its own, on any free port of this machine.
 */
import { fileURLToPath } from 'node:url';
import { Program, type ProgramOptions } from './program.js';

export type ServiceKind = 'monitor' | 'elevator';

const LOCAL = { MARBLERUN_HOST: '127.0.0.1', MARBLERUN_PORT: '0' };

export class ServiceProgram extends Program {
  constructor(kind: ServiceKind, { env, ...options }: Pick<ProgramOptions, 'env' | 'onLine'> = {}) {
    const main = fileURLToPath(new URL(`../../../services/${kind}/dist/main.js`, import.meta.url));
    super(main, { ...options, env: { ...LOCAL, ...env } });
  }

  /**
   * Resolves with the address as soon as the service listens. It is read from the log, whose level must be `info` or
   * lower.
   */
  async url(deadlineMs = 60_000): Promise<string> {
    const { port } = JSON.parse(await this.line(/"msg":"listening"/, deadlineMs)) as { port: number };
    return `http://127.0.0.1:${port}`;
  }

  async isReady(): Promise<boolean> {
    return (await fetch(`${await this.url()}/health/ready`)).ok;
  }

  /** Returns an answer of its API. */
  async get<T>(path: string): Promise<T> {
    const response = await fetch((await this.url()) + path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
}
