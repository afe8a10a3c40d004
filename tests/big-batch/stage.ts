/**
 * The stage of the big batch: a Redis that writes all that it acknowledges to its file, Monitors and workers. A process
 * that ends is started again, and Redis on its own data.
 */
import { Program, RedisServer, ServiceProgram, sleep, until } from '@marblerun/test-support';
import type { Random } from '../chaos/random.js';
import { RUN, type Kind } from './plan.js';

const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];
const WORKER = new URL('worker.js', import.meta.url).pathname;
export const CREW = { worker: 6, monitor: 2 } as const;
const START_MS = 120_000;
/** Redis is away for so long at the most. */
const AWAY_MS = 500;

export class Stage {
  /** Lines that workers have written. */
  readonly notes: string[] = [];
  readonly #crew: Record<Exclude<Kind, 'redis'>, Program[]> = { worker: [], monitor: [] };
  #open = true;

  private constructor(private readonly server: RedisServer) {}

  /** Resolves when all of it has begun. */
  static async open(): Promise<Stage> {
    const stage = new Stage(await RedisServer.start(DURABLE));
    const env = { MARBLERUN_REDIS: stage.redis, MARBLERUN_RUN: RUN };
    const worker = () => new Program(WORKER, { env, onLine: (line) => stage.notes.push(line) });
    const monitor = () => new ServiceProgram('monitor', { env: { ...env, MARBLERUN_SWEEP_MS: '200' } });
    for (let i = 0; i < CREW.worker; i++) stage.#keep('worker', worker);
    for (let i = 0; i < CREW.monitor; i++) stage.#keep('monitor', monitor);
    const all = () => [...stage.#crew.worker, ...stage.#crew.monitor].every(hasBegun);
    await until('all processes have begun', all, { deadlineMs: START_MS }).catch(async (error: unknown) => {
      await stage.stop();
      throw error;
    });
    return stage;
  }

  get redis(): string {
    return this.server.url;
  }

  /** `kill -9` of one that works. Resolves when it is gone; Redis is back by then. */
  async kill(kind: Kind, random: Random): Promise<void> {
    if (kind !== 'redis') {
      const running = () => this.#crew[kind].filter((program) => program.running && hasBegun(program));
      await until(`a ${kind} runs`, () => running().length > 0, { deadlineMs: START_MS });
      await random.pick(running()).kill();
      return;
    }
    await this.server.kill();
    await sleep(random.whole(0, AWAY_MS));
    if (this.#open) await this.server.restart();
  }

  /** Workers and Monitors end in order, and are not started again. */
  async close(): Promise<void> {
    this.#open = false;
    const all = [...this.#crew.worker, ...this.#crew.monitor];
    await Promise.all(all.map((program) => program.kill('SIGTERM')));
  }

  async stop(): Promise<void> {
    this.#open = false;
    await Promise.all([...this.#crew.worker, ...this.#crew.monitor].map((program) => program.kill()));
    await this.server.stop();
  }

  #keep(kind: Exclude<Kind, 'redis'>, start: () => Program): void {
    const crew = this.#crew[kind];
    const place = crew.length;
    const again = (): void => {
      if (!this.#open) return;
      crew[place] = start();
      void crew[place].exited.then(again);
    };
    again();
  }
}

const hasBegun = ({ lines }: Program) => lines.length > 0;
