/**
 * The stage of the guarded part: a master, its replica, three Sentinels, a Monitor and few workers,
 * each started again when it has ended.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { Program, Sentinels, ServiceProgram, until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { newHistory } from '../history.js';
import { ORPHANS_MS, SWEEP_MS } from '../plan.js';
import { RUN } from './plan.js';

const ROLES = ['producer', 'plain', 'plain', 'pool'] as const;

export interface Actor {
  readonly role: (typeof ROLES)[number] | 'monitor';
  program: Program;
}

export class GuardedStage {
  readonly run = RUN;
  readonly actors: Actor[] = [];
  readonly #ended = new Set<Actor>();
  #files = 0;

  private constructor(
    readonly dir: string,
    readonly sentinels: Sentinels,
    private readonly redis: string,
    /** To look from outside, at whoever is the master. */
    readonly hand: Redis,
  ) {}

  static async open(dir: string): Promise<GuardedStage> {
    newHistory(dir);
    const sentinels = await Sentinels.start({ failoverTimeoutMs: 2000 });
    await sentinels.hurry();
    const { name, addresses, ports } = sentinels;
    const places = ports.map((port) => ({ host: '127.0.0.1', port }));
    const again = { retryStrategy: () => 100, maxRetriesPerRequest: null };
    const hand = new Redis({ sentinels: places, name, sentinelRetryStrategy: () => 100, ...again });
    hand.on('error', () => undefined); // it is killed on purpose, and another one is the master
    const stage = new GuardedStage(dir, sentinels, JSON.stringify({ sentinels: addresses, master: name }), hand);
    for (const role of [...ROLES, 'monitor'] as const) stage.#add(role);
    await until('every process is up', () => stage.actors.every(isUp), { deadlineMs: 120_000, everyMs: 100 });
    return stage;
  }

  /** Ends them in order, for good. */
  async close(which: (actor: Actor) => boolean): Promise<void> {
    const some = this.actors.filter(which);
    for (const actor of some) this.#ended.add(actor);
    await Promise.all(
      some.map(async ({ program }) => {
        const timer = setTimeout(() => void program.kill(), 30_000);
        await program.kill('SIGTERM');
        clearTimeout(timer);
      }),
    );
  }

  async stop(): Promise<void> {
    for (const actor of this.actors) this.#ended.add(actor);
    await Promise.all(this.actors.map(({ program }) => program.kill()));
    this.hand.disconnect();
    await this.sentinels.stop();
  }

  #add(role: Actor['role']): void {
    const actor = { role, program: this.#start(role) };
    this.actors.push(actor);
    void this.#keep(actor);
  }

  async #keep(actor: Actor): Promise<void> {
    while (!this.#ended.has(actor)) {
      await actor.program.exited;
      const said = [...actor.program.lines, ...actor.program.errors].join('\n');
      appendFileSync(join(this.dir, `${actor.role}.log`), `${said}\n`);
      if (!this.#ended.has(actor)) actor.program = this.#start(actor.role);
    }
  }

  #start(role: Actor['role']): Program {
    if (role === 'monitor') return new ServiceProgram('monitor', { env: this.#monitorEnv() });
    const file = join(this.dir, `${String(++this.#files).padStart(4, '0')}-${role}.jsonl`);
    return new Program(ACTOR, { args: [role, this.redis, file] });
  }

  #monitorEnv(): Record<string, string> {
    return {
      ...{ MARBLERUN_REDIS: this.redis, MARBLERUN_RUN: RUN },
      ...{ MARBLERUN_SWEEP_MS: String(SWEEP_MS), MARBLERUN_ORPHANS_MS: String(ORPHANS_MS) },
      ...{ MARBLERUN_MAX_ATTEMPTS: '1000', MARBLERUN_PROMOTE_MS: '100' },
    };
  }
}

const ACTOR = new URL('actor.js', import.meta.url).pathname;
const isUp = ({ program }: Actor) => program.running && program.lines.some((line) => /started|listening/.test(line));
