/**
 * Does to containers what a Monitor may do for one run: it restarts those in which a worker hangs, and scales compose services.
 */
import type { Logger } from '@marblerun/service';
import type { Communicator, HungHolder } from 'marblerun/communicator';
import type { UpkeepMetrics } from './upkeep-metrics.js';
import type { Engine } from './engine.js';
import type { RestartNote } from './restart-note.js';
import { Restarter } from './restarter.js';
import type { ScaledService } from './scale-note.js';
import { Scaler } from './scaler.js';

export interface UpkeepSettings {
  readonly scale: 'off' | 'on';
  readonly scaleUpMs: number;
  readonly scaleDownMs: number;
  readonly restartsPerHour: number;
}

export interface UpkeepParts {
  readonly communicator: Communicator;
  readonly engine: Engine;
  readonly log: Logger;
  readonly metrics: UpkeepMetrics;
  /** Returns the holders that hang. */
  readonly hung: () => readonly HungHolder[];
}

export interface Chore {
  readonly name: string;
  readonly everyMs: number;
  readonly work: () => Promise<undefined>;
}

/** The most ms between looks at services. A look reads what all holders of the run work on. */
const SCALE_MS = 5000;
const RESTART_MS = 1000;

export class Upkeep {
  readonly chores: readonly Chore[];
  readonly #restarter: Restarter;
  readonly #scaler: Scaler | undefined;

  /** Does no I/O. */
  constructor(
    readonly run: string,
    parts: UpkeepParts,
    { scale, scaleUpMs: upMs, scaleDownMs: downMs, restartsPerHour }: UpkeepSettings,
  ) {
    const restarter = new Restarter(run, { ...parts, restartsPerHour });
    const scaler = scale === 'on' ? new Scaler(run, { ...parts, coolDown: { upMs, downMs } }) : undefined;
    this.#restarter = restarter;
    this.#scaler = scaler;
    const chore = (name: string, everyMs: number, look: () => Promise<undefined>): Chore => ({
      ...{ name, everyMs },
      work: () =>
        look().catch((error: unknown) => {
          if (!parts.engine.isClosed) throw error; // otherwise the Monitor stops in the middle of it
        }) as Promise<undefined>,
    });
    this.chores = [
      chore('restart', RESTART_MS, () => restarter.look()),
      ...(scaler ? [chore('scale', Math.min(SCALE_MS, upMs, downMs), () => scaler.look())] : []),
    ];
  }

  /** The services as this Monitor sees them; none while another one looks after them. */
  get services(): readonly ScaledService[] {
    return this.#scaler?.services ?? [];
  }

  /** Reads what the Monitors of the run have noted, for people. */
  async noted(): Promise<{ scaled: readonly ScaledService[]; restarting: RestartNote }> {
    const [scaled = [], restarting] = await Promise.all([this.#scaler?.noted(), this.#restarter.noted()]);
    return { scaled, restarting };
  }

  /** Lets another Monitor go on at once. */
  async stop(): Promise<void> {
    await Promise.all([this.#restarter.stop(), this.#scaler?.stop()]);
  }
}
