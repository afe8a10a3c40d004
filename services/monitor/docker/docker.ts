/**
 * The Monitor's side of a Docker engine: it hears of containers, and shows whether it does.
 *
 * What may go wrong: the engine is away. Then leases and connections tell as if there were none.
 */
import type { Logger, Troubles } from '@marblerun/service';
import type { Registry } from 'prom-client';
import type { EngineAddress } from './address.js';
import { createUpkeepMetrics, type UpkeepMetrics } from './upkeep-metrics.js';
import { ContainerWatch } from './container-watch.js';
import { createDockerMetrics, type DockerMetrics } from './docker-metrics.js';
import { EngineWatch } from './engine-watch.js';
import { Engine } from './engine.js';

export interface DockerParts {
  readonly log: Logger;
  readonly troubles: Troubles;
  readonly registry: Registry;
}

interface DockerSettings {
  readonly docker: EngineAddress | undefined;
  readonly runs: readonly string[];
}

export class Docker {
  readonly events: EngineWatch;
  readonly containers: ContainerWatch;
  readonly upkeep: UpkeepMetrics;
  readonly #metrics: DockerMetrics;

  /** Does no I/O. */
  constructor(
    readonly engine: Engine,
    private readonly runs: readonly string[],
    { log, troubles, registry }: DockerParts,
  ) {
    this.#metrics = createDockerMetrics(registry, runs);
    this.upkeep = createUpkeepMetrics(registry, runs);
    this.containers = new ContainerWatch(log, this.#metrics);
    this.events = new EngineWatch(engine, troubles);
    this.events.tell(this.containers);
  }

  start(): void {
    this.events.start();
  }

  async stop(): Promise<void> {
    await this.events.stop();
  }

  /** Says how it is, for people. */
  detail(run: string): Record<string, string> {
    const { isUp, trouble } = this.events;
    const told = this.containers.told(run);
    return { docker: isUp ? 'turning' : `not heard: ${trouble}`, ...(told ? { containers: told } : {}) };
  }

  /** Sets the values for one scrape. */
  show(): void {
    for (const run of this.runs) {
      this.#metrics.up.set({ run }, this.events.isUp ? 1 : 0);
      const { running, paused } = this.containers.counts(run);
      this.#metrics.containers.set({ run, state: 'running' }, running);
      this.#metrics.containers.set({ run, state: 'paused' }, paused);
    }
  }
}

/** Returns the side of the engine that is configured; undefined where none is. Does no I/O. */
export function watchDocker({ docker, runs }: DockerSettings, parts: DockerParts): Docker | undefined {
  return docker && new Docker(new Engine(docker), runs, parts);
}
