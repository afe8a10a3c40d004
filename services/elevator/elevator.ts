/**
 * All lanes of one Elevator: it has a communicator for each run, and a carrier and a loop for each lane.
 */
import { Loop, Troubles, endTurns, type Logger, type Readiness } from '@marblerun/service';
import { Communicator } from 'marblerun/communicator';
import type { Registry } from 'prom-client';
import { Carrier } from './carrier.js';
import type { ElevatorConfig } from './config.js';
import type { Run } from './lanes.js';
import { createLaneMetrics } from './lane-metrics.js';
import { collectorOf } from './metrics.js';

/**
 * The time between questions to each run whether it is there, so that readiness is known even when nothing has to be
 * carried.
 */
const REACH_MS = 1000;

export class Elevator {
  readonly carriers: readonly Carrier[];
  /** Reads what the gauges show. */
  readonly collect: () => Promise<void>;
  readonly #communicators = new Map<string, Communicator>();
  readonly #lanes: readonly Loop[];
  readonly #runs: readonly Loop[];

  /** Sets up the lanes; does no I/O. */
  constructor(
    private readonly config: ElevatorConfig,
    log: Logger,
    registry: Registry,
  ) {
    const metrics = createLaneMetrics(
      registry,
      config.lanes.map(({ name }) => name),
    );
    const troubles = new Troubles(log);
    const { hopLimit, batch: limits } = config;
    this.carriers = config.lanes.map((lane) => {
      const [lower, upper] = [this.#communicator(lane.from), this.#communicator(lane.to)];
      return new Carrier({ lane, lower, upper, limits, hopLimit, metrics, log });
    });
    this.#lanes = this.carriers.map((carrier) => {
      const work = () => carrier.carry(() => loop.progress()).then(() => undefined);
      const [lower, upper] = [this.#communicator(carrier.lane.from), this.#communicator(carrier.lane.to)];
      const getsOn = () => lower.getsOn || upper.getsOn; // a transit may be on its way over a slow link
      const loop: Loop = new Loop({ name: carrier.lane.name, intervalMs: config.pollMs, work, getsOn, troubles });
      return loop;
    });
    this.#runs = [...this.#communicators].map(([name, communicator]) => {
      const work = () => this.#reach(name, communicator);
      return new Loop({ name, intervalMs: REACH_MS, work, getsOn: () => communicator.getsOn, troubles });
    });
    this.collect = collectorOf(registry, this.carriers);
  }

  start(): void {
    for (const loop of this.#loops()) loop.start();
  }

  /**
   * Lands the transits under way. Where a Redis is away or hangs, they are left for the next Elevator. Safe to
   * call twice.
   */
  async stop(): Promise<void> {
    for (const carrier of this.carriers) carrier.stop();
    const communicators = [...this.#communicators.values()];
    await endTurns(this.#loops(), communicators);
    await Promise.all(communicators.map((communicator) => communicator.close()));
  }

  readiness(): Readiness {
    const runs = Object.fromEntries([...this.#communicators].map(([name, { state }]) => [name, state]));
    const lanes = Object.fromEntries(
      this.#lanes.map((loop) => [loop.name, loop.trouble || (loop.late ? 'late' : 'turning')]),
    );
    const ready = this.#loops().every((loop) => loop.well) && Object.values(runs).every((state) => state === 'ready');
    return { ready, detail: { runs, lanes } };
  }

  /** Reaches a run. A missing right is reported under the name of the run, before a lane meets it. */
  async #reach(name: string, communicator: Communicator): Promise<undefined> {
    await communicator.connect();
    for (const { from, to } of this.config.lanes) {
      if (from.name === name) await communicator.mustBeAllowed('lift');
      if (to.name === name) await communicator.mustBeAllowed('land');
    }
  }

  #loops(): Loop[] {
    return [...this.#lanes, ...this.#runs];
  }

  #communicator({ name, ...bus }: Run): Communicator {
    let communicator = this.#communicators.get(name);
    if (!communicator) {
      communicator = new Communicator({ ...bus, ...this.config.timeouts });
      this.#communicators.set(name, communicator);
    }
    return communicator;
  }
}
