/**
 * A Monitor or an Elevator as a process, on any free port.
 */
import { fileURLToPath } from 'node:url';
import { Program, until } from '@marblerun/test-support';

const DEADLINE_MS = 120_000;

export class Service {
  private constructor(
    readonly program: Program,
    private readonly url: string,
  ) {}

  /** `tell` hears what it does, in words. Resolves when it is ready. */
  static async start(
    kind: 'monitor' | 'elevator',
    env: Readonly<Record<string, string>>,
    { started, tell }: { started: (program: Program) => void; tell: (text: string) => void },
  ): Promise<Service> {
    const main = fileURLToPath(new URL(`../../../services/${kind}/dist/main.js`, import.meta.url));
    const local = { MARBLERUN_HOST: '127.0.0.1', MARBLERUN_PORT: '0', MARBLERUN_DRAIN_MS: '3000' };
    const onLine = (line: string) => {
      const text = inWords(line);
      if (text) tell(text);
    };
    const program = new Program(main, { env: { ...local, ...env }, onLine });
    started(program);
    const listening = await program.line(/"msg":"listening"/, DEADLINE_MS);
    const { port } = JSON.parse(listening) as { port: number };
    const service = new Service(program, `http://127.0.0.1:${port}`);
    await until(`the ${kind} is ready`, () => service.#isReady(), { deadlineMs: DEADLINE_MS });
    return service;
  }

  /** An answer of its API. */
  async get<T>(path: string): Promise<T> {
    const response = await fetch(this.url + path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async #isReady(): Promise<boolean> {
    return (await fetch(`${this.url}/health/ready`)).ok;
  }
}

const UNEVENTFUL = ['listening', 'stops', 'stopped'];
const EVERY_LINE_HAS = ['level', 'time', 'pid', 'service', 'msg', 'run'];

/** A line of JSON log as people like it; undefined for what is no news. */
function inWords(line: string): string | undefined {
  if (!line.startsWith('{')) return line;
  const log = JSON.parse(line) as { msg: string } & Record<string, unknown>;
  if (UNEVENTFUL.includes(log.msg)) return undefined;
  const details = Object.entries(log).filter(([name]) => !EVERY_LINE_HAS.includes(name));
  return [log.msg, ...details.map(([name, value]) => `${name} ${shown(value)}`)].join(', ');
}

/** Of an error, its message only. */
function shown(value: unknown): string {
  const { message } = Object(value) as { message?: unknown };
  return JSON.stringify(message ?? value);
}
