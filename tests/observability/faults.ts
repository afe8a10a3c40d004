/**
 * Faults that a person has to hear of. Each happens to a run of its own, so that all can happen at once and none hides
 * another.
 */
import { fileURLToPath } from 'node:url';
import { Program, RedisServer, ServiceProgram } from '@marblerun/test-support';
import { Marble } from 'marblerun';

export interface Fault {
  readonly run: string;
  readonly what: string;
  /** The alert by which a person hears of it; others may fire too. */
  readonly alert: string;
}

export const FAULTS: readonly Fault[] = [
  { run: 'paused', what: 'Redis hangs (`SIGSTOP`)', alert: 'MarbleRunRedisAway' },
  { run: 'stopped', what: 'Redis is stopped (`SIGTERM`)', alert: 'MarbleRunRedisAway' },
  { run: 'killed', what: 'Redis is killed (`SIGKILL`)', alert: 'MarbleRunRedisAway' },
  { run: 'unwatched', what: 'all Monitors of a run are gone (`SIGKILL`)', alert: 'MarbleRunNoMonitor' },
  { run: 'hung', what: 'workers hang: their handlers never return', alert: 'MarbleRunWorkersHang' },
  { run: 'frozen', what: 'a worker is frozen with a marble in hand (`SIGSTOP`)', alert: 'MarbleRunHolderSilent' },
  { run: 'left', what: 'all workers have ended, and marbles wait', alert: 'MarbleRunNoWorker' },
  { run: 'unlifted', what: 'a marble is elevated, and no Elevator runs', alert: 'MarbleRunNoElevator' },
];

const WORKER = fileURLToPath(new URL('../programs/worker.js', import.meta.url));
const OF_REDIS: Readonly<Record<string, NodeJS.Signals>> = { paused: 'SIGSTOP', stopped: 'SIGTERM', killed: 'SIGKILL' };
/** The runs that share a Redis and a Monitor to which nothing happens. */
const SHARED = ['hung', 'frozen', 'left', 'unlifted'];

export class Scene {
  readonly #redis = new Map<string, RedisServer>();
  readonly #monitors = new Map<string, ServiceProgram>();
  readonly #workers = new Map<string, Program>();
  #leaver: Marble | undefined;

  private constructor(private readonly leaseMs: number) {}

  static async set(leaseMs: number): Promise<Scene> {
    const scene = new Scene(leaseMs);
    const together = await RedisServer.start();
    for (const run of SHARED) scene.#redis.set(run, together);
    for (const run of Object.keys(OF_REDIS)) scene.#redis.set(run, await RedisServer.start());
    scene.#redis.set('unwatched', together);
    for (const runs of [SHARED.join(), 'unwatched', ...Object.keys(OF_REDIS)]) {
      const env = { MARBLERUN_REDIS: scene.#url(runs.split(',')[0]!), MARBLERUN_RUN: runs };
      scene.#monitors.set(runs, new ServiceProgram('monitor', { env }));
    }
    await Promise.all(['hung', 'frozen'].map((run) => scene.#employ(run)));
    scene.#leaver = new Marble({ redis: scene.#url('left'), run: 'left' });
    scene.#leaver.work('in', () => undefined);
    return scene;
  }

  /** Returns where each Monitor is scraped. */
  async targets(): Promise<string[]> {
    const urls = await Promise.all([...this.#monitors.values()].map((monitor) => monitor.url()));
    return urls.map((url) => new URL(url).host);
  }

  /** Makes the fault of a run happen. Resolves when it has happened. */
  async strike(run: string): Promise<void> {
    const signal = OF_REDIS[run];
    if (signal === 'SIGSTOP') this.#redis.get(run)!.signal(signal);
    else if (signal) await this.#redis.get(run)!.kill(signal);
    else if (run === 'unwatched') await this.#monitors.get(run)!.kill();
    else if (run === 'unlifted') await this.#send(run, (marble) => marble.elevate('large', 1));
    else if (run === 'left') await this.#leave(run);
    else await this.#hold(run);
    if (run === 'frozen') this.#workers.get(run)!.signal('SIGSTOP');
  }

  async remove(): Promise<void> {
    await this.#leaver?.close();
    await Promise.all([...this.#workers.values(), ...this.#monitors.values()].map((program) => program.kill()));
    await Promise.all([...new Set(this.#redis.values())].map((redis) => redis.stop()));
  }

  #url(run: string): string {
    return this.#redis.get(run)!.url;
  }

  async #employ(run: string): Promise<void> {
    const env = { MARBLERUN_REDIS: this.#url(run), MARBLERUN_RUN: run, LEASE_MS: String(this.leaseMs) };
    const worker = new Program(WORKER, { env });
    this.#workers.set(run, worker);
    await this.#send(run, (marble) => marble.send('in', { n: 1, do: 'finish' }));
    await worker.line(/finished 1/);
  }

  async #leave(run: string): Promise<void> {
    await this.#leaver!.close();
    await this.#send(run, (marble) => marble.send('in', 2));
  }

  /** Resolves when a worker has a marble in hand that it will never finish. */
  async #hold(run: string): Promise<void> {
    await this.#send(run, (marble) => marble.send('in', { n: 2, do: 'hold' }));
    await this.#workers.get(run)!.line(/took 2 attempt 1/);
  }

  async #send(run: string, send: (marble: Marble) => Promise<unknown>): Promise<void> {
    const marble = new Marble({ redis: this.#url(run), run, monitored: false });
    await send(marble).finally(() => marble.close());
  }
}
