/**
 * The stage: two Redis servers with append-only files, a proxy before each, and all processes, each
 * started again when it has ended.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Program, Proxy, RedisServer, ServiceProgram, until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { newHistory } from './history.js';
import { CONNECTIONS_MS, LEASE_MS, ORPHANS_MS, RUNS, SENDERS, SWEEP_MS } from './plan.js';
import { Random } from './random.js';

/** `always`: what is acknowledged is in the file. `everysec` may answer before it writes: docs/CHAOS.md. */
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always', '--enable-debug-command', 'yes'];
const FILE = (path: string) => new URL(path, import.meta.url).pathname;

export interface Side {
  readonly run: string;
  readonly server: RedisServer;
  readonly proxy: Proxy;
  /** Not through the proxy: for the nemesis, and to look from outside. */
  readonly hand: Redis;
}

export interface Part {
  readonly role: string;
  readonly kind: 'worker' | 'producer' | 'monitor' | 'elevator';
  readonly start: (crash: string) => Program;
  program: Program;
  /** Armed with a crash point. */
  armed: boolean;
}

export class Stage {
  readonly parts: Part[] = [];
  readonly #ended = new Set<Part>();
  #armAgain = true;
  /** Processes that ended at a crash point. */
  crashed = 0;
  #open = true;
  #files = 0;

  private constructor(
    readonly dir: string,
    readonly lower: Side,
    readonly upper: Side,
    private readonly seed: number,
  ) {}

  static async open(dir: string, seed: number): Promise<Stage> {
    newHistory(dir);
    const [lower, upper] = await Promise.all([side(RUNS.lower), side(RUNS.upper)]);
    const stage = new Stage(dir, lower, upper, seed);
    const roles = ['jobs', 'frail', 'pipeline', 'pipeline', 'order', 'producer', 'batcher', 'undertaker'];
    for (const role of roles) stage.#addActor(role, lower);
    for (let i = 0; i < 2; i++) stage.#addActor('top', upper);
    for (const side of [lower, upper]) stage.#addService('monitor', side);
    stage.#addService('monitor', lower);
    for (let i = 0; i < 2; i++) stage.#addService('elevator', lower);
    return stage;
  }

  get sides(): [Side, Side] {
    return [this.lower, this.upper];
  }

  /** No new incarnations of those that end. Resolves when they have, in order. */
  async close(kinds: readonly Part['kind'][]): Promise<void> {
    this.#open &&= !kinds.includes('monitor');
    const some = this.parts.filter(({ kind }) => kinds.includes(kind));
    for (const part of some) part.armed = false;
    await Promise.all(some.map((part) => this.#end(part)));
  }

  async stop(): Promise<void> {
    this.#open = false;
    await Promise.all(this.parts.map(({ program }) => program.kill()));
    for (const { hand, proxy, server } of this.sides) {
      hand.disconnect();
      await proxy.stop();
      await server.stop();
    }
  }

  /** Whether parts that start again get a crash point; with `false`, those that have one are replaced now. */
  async arm(armed: boolean): Promise<void> {
    this.#armAgain = armed;
    if (armed) return;
    const some = this.parts.filter((part) => part.armed);
    for (const part of some) part.armed = false;
    await Promise.all(some.map(({ program }) => program.kill()));
  }

  /** Resolves when every part runs and has said so. */
  async settled(): Promise<void> {
    const isUp = ({ program }: Part) => program.running && program.lines.some((line) => /started|listening/.test(line));
    await until('every process is up', () => this.parts.every(isUp), { deadlineMs: 120_000, everyMs: 50 });
  }

  async #end(part: Part): Promise<void> {
    this.#ended.add(part);
    part.program.signal('SIGCONT');
    await Promise.race([part.program.kill('SIGTERM'), sleep(30_000)]);
    await part.program.kill();
  }

  /** Writes the log of a program beside the histories. */
  #log({ role, program }: Part): void {
    const lines = [...program.lines, ...program.errors].filter((line) => !/started|listening/.test(line));
    if (lines.length > 0) appendFileSync(join(this.dir, `${role}.log`), `${lines.join('\n')}\n`);
  }

  #addActor(role: string, { run, proxy }: Side): void {
    const start = (crash: string) =>
      new Program(FILE('actor.js'), {
        args: [role, run, proxy.url, join(this.dir, `${String(++this.#files).padStart(5, '0')}-${role}.jsonl`)],
        env: crashing(crash),
      });
    this.#add(role, SENDERS.includes(role) ? 'producer' : 'worker', start);
  }

  #addService(kind: 'monitor' | 'elevator', { run, proxy }: Side): void {
    const lanes = {
      runs: { [this.lower.run]: { redis: this.lower.proxy.url }, [this.upper.run]: { redis: this.upper.proxy.url } },
      lanes: [{ name: 'up', from: this.lower.run, to: this.upper.run }],
    };
    const own: Record<string, string> =
      kind === 'elevator'
        ? { MARBLERUN_LANES: JSON.stringify(lanes), MARBLERUN_POLL_MS: '50', MARBLERUN_BATCH_MARBLES: '20' }
        : {
            ...{ MARBLERUN_RUN: run, MARBLERUN_SWEEP_MS: String(SWEEP_MS), MARBLERUN_ORPHANS_MS: String(ORPHANS_MS) },
            ...{ MARBLERUN_MAX_ATTEMPTS: '1000', MARBLERUN_PROMOTE_MS: '100' },
            MARBLERUN_CONNECTIONS_MS: String(CONNECTIONS_MS),
          };
    const env = { MARBLERUN_REDIS: proxy.url, ...own };
    this.#add(`${kind} ${run}`, kind, (crash) => new ServiceProgram(kind, { env: { ...env, ...crashing(crash) } }));
  }

  #add(role: string, kind: Part['kind'], start: Part['start']): void {
    const part: Part = { role, kind, start, program: start(''), armed: false };
    this.parts.push(part);
    void this.#keep(part);
  }

  /** Starts a part again whenever it has ended; every other time with a crash point. */
  async #keep(part: Part): Promise<void> {
    const random = new Random(this.seed + 100 * this.parts.length);
    for (;;) {
      const { signal } = await part.program.exited;
      this.#log(part);
      if (part.armed && signal === 'SIGKILL') this.crashed++;
      if (!this.#open || this.#ended.has(part)) return;
      await sleep(random.whole(0, LEASE_MS));
      if (this.#ended.has(part)) return;
      part.armed = this.#armAgain && random.next() < 0.5;
      const crash = `${random.whole(1, 60)} ${random.pick(['before', 'sent', 'answered'])}`;
      part.program = part.start(part.armed ? crash : '');
    }
  }
}

function crashing(crash: string): Record<string, string> {
  if (crash === '') return {};
  return { CHAOS_CRASH: crash, NODE_OPTIONS: `--import ${new URL('crash.js', import.meta.url).href}` };
}

async function side(run: string): Promise<Side> {
  const server = await RedisServer.start(DURABLE);
  const proxy = await Proxy.start(server.port);
  const hand = new Redis(server.url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
  hand.on('error', () => undefined); // it is killed on purpose, and comes back
  return { run, server, proxy, hand };
}
