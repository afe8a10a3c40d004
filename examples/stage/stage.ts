/**
 * The stage of an example, around its programs: buses (each a Redis of its own with a Monitor), Elevators, processes.
 * All of it is gone when the stage is struck, even in the middle of being set.
 */
import { fileURLToPath } from 'node:url';
import { Program, sleep, type ServiceKind, type ServiceProgram } from '@marblerun/test-support';
import { CannotPlay, redisStarter, type RedisChoice, type StageRedis } from './redis.js';
import { startService } from './service.js';

/** One bus: a run on a Redis. */
export interface Bus {
  readonly name: string;
  readonly redis: string;
  readonly monitor: ServiceProgram;
}

/** A lane as MARBLERUN_LANES writes it, with buses in place of the names of runs. */
export interface Lane {
  readonly from: Bus;
  readonly to: Bus;
  readonly queues?: readonly string[];
  readonly onward?: readonly string[];
}

export interface ProgramSetting {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly inherit?: boolean;
}

export interface StageOptions {
  readonly redis: RedisChoice;
  /** Called with what the programs write; an empty name stands for what happens to them. */
  readonly show: (name: string, text: string) => void;
}

const COMPILED = new URL('../', import.meta.url);
const GRACE_MS = 5000;
const SWEEP_MS = '200';

export class Stage {
  readonly #programs: Program[] = [];
  readonly #redises: Promise<StageRedis>[] = [];
  #starter: Promise<() => Promise<StageRedis>> | undefined;
  #struck: Promise<void> | undefined;

  constructor(private readonly options: StageOptions) {}

  say(text: string): void {
    this.options.show('', text);
  }

  /** Starts a Redis and its Monitor; the name is the run's. */
  async bus(name: string): Promise<Bus> {
    this.#mustStand();
    const starting = this.#startRedis();
    this.#redises.push(starting);
    const { url: redis } = await starting;
    return { name, redis, monitor: await this.monitor({ name, redis }) };
  }

  /** Starts one more Monitor for a bus. */
  async monitor({ name, redis }: Pick<Bus, 'name' | 'redis'>): Promise<ServiceProgram> {
    const env = { MARBLERUN_REDIS: redis, MARBLERUN_RUN: name, MARBLERUN_SWEEP_MS: SWEEP_MS };
    return this.#service('monitor', `${name} monitor`, env);
  }

  /** Starts one Elevator for some lanes; a lane's name is made of those of its buses. */
  async elevator(...lanes: readonly Lane[]): Promise<ServiceProgram> {
    const buses = lanes.flatMap(({ from, to }) => [from, to]);
    const runs = Object.fromEntries(buses.map(({ name, redis }) => [name, { redis, run: name }]));
    const named = lanes.map(({ from, to, ...rest }) => {
      return { name: `${from.name}-${to.name}`, from: from.name, to: to.name, ...rest };
    });
    return this.#service('elevator', 'elevator', { MARBLERUN_LANES: JSON.stringify({ runs, lanes: named }) });
  }

  /** Starts an example's program on a bus, in a process of its own. `file` is relative to the examples. */
  program(name: string, file: string, bus: Bus, { args, env, inherit }: ProgramSetting = {}): Program {
    this.#mustStand();
    const program = new Program(fileURLToPath(new URL(file, COMPILED)), {
      args,
      env: { MARBLERUN_REDIS: bus.redis, MARBLERUN_RUN: bus.name, ...env },
      onLine: (line) => this.options.show(name, line),
      inherit,
    });
    this.#programs.push(program);
    return program;
  }

  /** Ends everything, in order where it does so within some seconds. Safe to call twice, and at any time. */
  strike(): Promise<void> {
    this.#struck ??= this.#endAll();
    return this.#struck;
  }

  async #service(kind: ServiceKind, name: string, env: Readonly<Record<string, string>>): Promise<ServiceProgram> {
    this.#mustStand();
    return startService(kind, env, {
      started: (program) => this.#programs.push(program),
      tell: (text) => this.options.show(name, text),
    });
  }

  async #startRedis(): Promise<StageRedis> {
    this.#starter ??= redisStarter(this.options.redis, (text) => this.say(text));
    const start = await this.#starter;
    this.#mustStand();
    return start();
  }

  async #endAll(): Promise<void> {
    await Promise.all(this.#programs.map(end));
    const redises = await Promise.allSettled(this.#redises); // a Redis that did not start has told the scene already
    await Promise.all(redises.map(async (redis) => redis.status === 'fulfilled' && redis.value.stop()));
  }

  #mustStand(): void {
    if (this.#struck) throw new CannotPlay('the stage is being struck');
  }
}

async function end(program: Program): Promise<void> {
  program.signal('SIGTERM');
  await Promise.race([program.exited, sleep(GRACE_MS, undefined, { ref: false })]);
  await program.kill();
}
