/**
 * A program in a process of its own: it can be started, listened to, and killed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { until } from './until.js';

export interface ProgramOptions {
  readonly args?: readonly string[];
  /** Variables that are added to the environment of the test, of which no MARBLERUN_ variable is handed on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Called with each line that it writes, as it comes. */
  readonly onLine?: (line: string) => void;
  /** True: it leads a process group of its own, as a program in a terminal does. */
  readonly leader?: boolean;
  /** True: it writes to where this process writes, and `lines` stays empty. */
  readonly inherit?: boolean;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Program {
  /** The lines that it has written so far. */
  readonly lines: string[] = [];
  readonly errors: string[] = [];
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;

  /** Starts `file` with Node.js. */
  constructor(file: string, { args = [], env = {}, cwd, onLine, leader, inherit }: ProgramOptions = {}) {
    const output = inherit ? 'inherit' : 'pipe';
    const child = spawn(process.execPath, [file, ...args], {
      env: { ...withoutOurs(process.env), ...env },
      cwd,
      detached: leader,
      stdio: ['ignore', output, output],
    });
    this.#child = child;
    for (const [stream, lines] of [[child.stdout, this.lines] as const, [child.stderr, this.errors] as const]) {
      if (!stream) continue;
      createInterface(stream).on('line', (line) => {
        lines.push(line);
        onLine?.(line);
      });
    }
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

  /** Sends a signal to a leader and all that it has started, as Ctrl-C in a terminal does. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** True while a leader, or anything that it has started, is still there. */
  get groupRunning(): boolean {
    try {
      return process.kill(-this.pid, 0);
    } catch {
      return false;
    }
  }

  /** Kills it, with `kill -9` unless told otherwise. Resolves when it is gone. Safe to call twice. */
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
