/**
 * A program in a process of its own: started, listened to, killed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { until } from './until.js';

export interface ProgramOptions {
  readonly args?: readonly string[];
  /** Added to the environment of the test, of which no MARBLERUN_ variable is handed on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Program {
  /** What it has written so far, a line each. */
  readonly lines: string[] = [];
  readonly errors: string[] = [];
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;

  /** `file` is run by Node.js. */
  constructor(file: string, { args = [], env = {}, cwd }: ProgramOptions = {}) {
    const child = spawn(process.execPath, [file, ...args], {
      env: { ...withoutOurs(process.env), ...env },
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    createInterface(child.stdout).on('line', (line) => this.lines.push(line));
    createInterface(child.stderr).on('line', (line) => this.errors.push(line));
    this.exited = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** `kill -9` unless told otherwise. Resolves when it is gone. Safe twice. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    if (this.running) this.#child.kill(signal);
    return this.exited;
  }

  /** Resolves with the first line of standard output that matches. */
  line(pattern: RegExp, deadlineMs = 20_000): Promise<string> {
    const look = () => {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      throw new Error(`${this.running ? 'it' : 'the program ended; it'} wrote:\n${this.#written()}`);
    };
    return until(`a line like ${pattern}`, look, { deadlineMs });
  }

  #written(): string {
    return [...this.lines.slice(-20), ...this.errors.slice(-20)].join('\n');
  }
}

function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('MARBLERUN_')));
}
