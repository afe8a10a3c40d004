/**
 * Restarts containers in which a worker of one run hangs, where their label asks for it.
 *
 * Of all Monitors of a run one has the duty at a time (`noted-duty.ts`), and it notes each restart before it begins, so
 * that the limits hold whichever Monitor goes on. What may go wrong: the engine refuses, or is away. Then the loop says
 * so and tries again, and everything else goes on. Where nothing hangs the engine is asked nothing.
 */
import type { Logger } from '@marblerun/service';
import type { Communicator, HungHolder } from 'marblerun/communicator';
import { runsOf } from './compose-services.js';
import type { UpkeepMetrics } from './upkeep-metrics.js';
import type { Engine, EngineContainer } from './engine.js';
import { Whereabouts } from './holders-within.js';
import { NotedDuty } from './noted-duty.js';
import { restartNote, type NotedRestart, type RestartNote } from './restart-note.js';
import { HOUR_MS, decideRestart, type HungContainer } from './restarting.js';

export interface RestarterParts {
  readonly communicator: Communicator;
  readonly engine: Engine;
  readonly log: Logger;
  readonly metrics: UpkeepMetrics;
  readonly restartsPerHour: number;
  /** Returns the holders that hang. */
  readonly hung: () => readonly HungHolder[];
}

export const RESTART_LABEL = 'marblerun.restart';
export const WHEN_HUNG = 'hung';
/** A process that hangs does not heed a signal, so there is no use in waiting long for it. */
const GRACE_SECONDS = 10;
const NOTHING: RestartNote = { restarts: [], state: '' };

export class Restarter {
  readonly #duty: NotedDuty<RestartNote>;

  constructor(
    private readonly run: string,
    private readonly parts: RestarterParts,
  ) {
    this.#duty = new NotedDuty(parts.communicator, 'restart', restartNote, NOTHING);
  }

  /** Looks at what hangs, and restarts one container at the most. */
  async look(): Promise<undefined> {
    const { engine, restartsPerHour } = this.parts;
    if (this.parts.hung().length === 0 || restartsPerHour === 0) return;
    const listed = await engine.containers(`${RESTART_LABEL}=${WHEN_HUNG}`);
    const own = listed.filter((container) => runsOf(container).includes(this.run));
    const hungIn = await this.#hungIn(own);
    if (hungIn.size === 0) return;
    const taken = await this.#duty.take();
    if (!taken) return;
    const { at, note } = taken;
    const past = note.restarts.filter((restart) => at - restart.at < HOUR_MS);
    const hung = own.flatMap((container) => describe(container, hungIn.get(container.id) ?? []));
    const isBack = isRunning(past.at(-1), listed);
    const step = decideRestart({ now: at, hung, past, isBack, perHour: restartsPerHour });
    if (step.do === 'restart') return this.#restart(step.container, { at, past, why: step.why });
    if (step.why !== note.state) await this.#duty.note({ restarts: past, state: step.why });
  }

  async stop(): Promise<void> {
    await this.#duty.giveUp();
  }

  /** Reads what was noted, whichever Monitor has the duty, as far as it still holds. */
  async noted(): Promise<RestartNote> {
    const { communicator, hung } = this.parts;
    const [{ restarts, state }, now] = await Promise.all([this.#duty.noted(), communicator.status.now()]);
    const isOver = hung().length === 0;
    return { restarts: restarts.filter(({ at }) => now - at < HOUR_MS), state: isOver ? '' : state };
  }

  /** Sorts the holders that hang by their containers. */
  async #hungIn(own: readonly EngineContainer[]): Promise<Map<string, HungHolder[]>> {
    const whereabouts = own.length === 0 ? undefined : await Whereabouts.of(this.parts.communicator);
    const place = ({ about }: HungHolder) => ({ heart: about['heart'] ?? '', host: about['host'] ?? '' });
    const found = own.map(({ id }) => {
      const hung = this.parts.hung().filter((holder) => whereabouts?.isWithin(id, place(holder)));
      return [id, hung] as const;
    });
    return new Map(found.filter(([, hung]) => hung.length > 0));
  }

  async #restart({ id, name }: HungContainer, { at, past, why }: About): Promise<undefined> {
    const { engine, log, metrics } = this.parts;
    const { run } = this;
    const restarts = [...past, { id, name, at }];
    if (!(await this.#duty.note({ restarts, state: `restarts ${name}: ${why}` }))) return;
    await engine.restart(id, GRACE_SECONDS);
    const audit = { audit: 'change', who: 'monitor', what: 'restart', run, fence: this.#duty.fence };
    log.warn({ ...audit, container: name, id, why }, 'restarted a container in which a worker hung');
    metrics.restarts.inc({ run });
  }
}

interface About {
  readonly at: number;
  readonly past: readonly NotedRestart[];
  readonly why: string;
}

/** Describes a container in which some hang; a list of none where none does. */
function describe({ id, name, state }: EngineContainer, hung: readonly HungHolder[]): HungContainer[] {
  const [longest] = [...hung].sort((a, b) => b.hungMs - a.hungMs);
  if (!longest || state !== 'running') return [];
  return [{ id, name, hungMs: longest.hungMs, leaseMs: Number(longest.about['leaseMs'] ?? 0) }];
}

/** Tells whether the container of a restart runs again. One that is there no more holds up nobody. */
function isRunning(latest: NotedRestart | undefined, listed: readonly EngineContainer[]): boolean {
  const container = listed.find(({ id }) => id === latest?.id);
  return container === undefined || container.state === 'running';
}
