/**
 * Knows the containers that work for the runs of this Monitor, and tells a run at once when one of them has ended.
 *
 * A container is meant by its id, never by its name, which may be used again. A paused container lives, and so does one
 * that was sent a signal other than SIGKILL. What may go wrong: an end is told that is none (an engine on another machine has a container
 * of the same id). So an end proves nothing: whoever is told of it looks at the connections of that container.
 */
import type { Logger } from '@marblerun/service';
import { checkName } from 'marblerun/communicator';
import { COUNTED, type DockerMetrics } from './docker-metrics.js';
import type { EngineListener } from './engine-watch.js';
import { RUN_LABEL, type EngineContainer } from './engine.js';
import type { EngineEvent } from './events.js';

/** A container as it is known from events and listings. */
interface Known {
  readonly name: string;
  /** The watched runs that it works for. */
  readonly runs: readonly string[];
  hasEnded: boolean;
  /** Since when it has been paused, in ms since 1970 by the Monitor's clock: when that was heard or seen. */
  pausedAt: number | undefined;
  isUnhealthy: boolean;
}

type Labelled = Pick<EngineContainer, 'id' | 'name' | 'labels'>;

/** The signal that no process survives: an engine under load tells the end itself much later than that it was sent. */
const SIGKILL: readonly string[] = ['9', 'SIGKILL'];
const ENDED: readonly string[] = ['exited', 'dead', 'removing', 'restarting'];
/** The most containers that a status names. */
const MOST_NAMED = 10;

export class ContainerWatch implements EngineListener {
  readonly #known = new Map<string, Known>();
  readonly #ended = new Map<string, (id: string) => void>();

  constructor(
    private readonly log: Logger,
    private readonly metrics: DockerMetrics,
  ) {}

  /** Watches for a run: `ended` is called when a container of it has ended, with its id. */
  watch(run: string, ended: (id: string) => void): void {
    this.#ended.set(run, ended);
  }

  heard(event: EngineEvent): void {
    const { id, action, health, labels } = event;
    const known = this.#knownOf(event);
    this.#count(known, health ?? action);
    if (action === 'die') this.#end(id, known);
    else if (action === 'kill' && SIGKILL.includes(labels['signal'] ?? '')) this.#tellRuns(id, known);
    else if (action === 'start') Object.assign(known, { hasEnded: false, pausedAt: undefined, isUnhealthy: false });
    else if (action === 'pause') known.pausedAt = Date.now();
    else if (action === 'unpause') known.pausedAt = undefined;
    else if (action === 'health_status') known.isUnhealthy = health === 'unhealthy';
    else if (action === 'destroy') this.#forget(id, known);
  }

  listed(containers: readonly EngineContainer[]): void {
    for (const container of containers) {
      const { id, state } = container;
      const known = this.#knownOf(container);
      if (ENDED.includes(state)) this.#end(id, known);
      else known.hasEnded = false;
      known.pausedAt = state === 'paused' ? (known.pausedAt ?? Date.now()) : undefined;
    }
    const ids = new Set(containers.map(({ id }) => id));
    for (const [id, known] of this.#known) if (!ids.has(id)) this.#forget(id, known);
  }

  /** Names the containers of a run that do not do their work, for people; empty where there are none. */
  told(run: string): string {
    const some = [...this.#known].flatMap(([id, { name, runs, hasEnded, pausedAt, isUnhealthy }]) => {
      if (hasEnded || !runs.includes(run)) return [];
      const paused = pausedAt === undefined ? [] : [`paused since ${new Date(pausedAt).toISOString()}`];
      const states = [...paused, ...(isUnhealthy ? ['unhealthy'] : [])];
      return states.length === 0 ? [] : [`${shown(id, name)} is ${states.join(' and ')}`];
    });
    const more = some.length > MOST_NAMED ? [`and ${some.length - MOST_NAMED} more`] : [];
    return [...some.slice(0, MOST_NAMED), ...more].join('; ');
  }

  /** Counts the containers of a run that run, and those of them that are paused. */
  counts(run: string): { running: number; paused: number } {
    const live = [...this.#known.values()].filter(({ runs, hasEnded }) => !hasEnded && runs.includes(run));
    const paused = live.filter(({ pausedAt }) => pausedAt !== undefined).length;
    return { running: live.length - paused, paused };
  }

  #knownOf(container: Labelled): Known {
    const { id, name } = container;
    const known = this.#known.get(id) ?? {
      ...{ name, runs: this.#runsOf(container), hasEnded: false, pausedAt: undefined, isUnhealthy: false },
    };
    this.#known.set(id, known);
    return known;
  }

  /** Returns the watched runs that the label names. A label that names no run at all is told of. */
  #runsOf({ id, name, labels }: Labelled): string[] {
    const runs = (labels[RUN_LABEL] ?? '').split(',').map((run) => run.trim());
    const odd = runs.filter((run) => !isRunName(run));
    if (odd.length > 0)
      this.log.warn(
        { container: shown(id, name), label: RUN_LABEL, value: labels[RUN_LABEL] },
        'the label of a container names no run; allowed: names of runs, separated by commas',
      );
    return runs.filter((run) => this.#ended.has(run));
  }

  #count({ runs }: Known, event: string): void {
    const counted = COUNTED.find((one) => one === event);
    if (counted) for (const run of runs) this.metrics.events.inc({ run, event: counted });
  }

  #end(id: string, known: Known): void {
    if (known.hasEnded) return;
    Object.assign(known, { hasEnded: true, pausedAt: undefined, isUnhealthy: false });
    this.log.debug({ container: shown(id, known.name), runs: known.runs }, 'a container has ended');
    this.#tellRuns(id, known);
  }

  #tellRuns(id: string, { runs }: Known): void {
    for (const run of runs) this.#ended.get(run)?.(id);
  }

  /** Handles a container that is there no more: whatever ran in it has ended. */
  #forget(id: string, known: Known): void {
    this.#end(id, known);
    this.#known.delete(id);
  }
}

function isRunName(run: string): boolean {
  try {
    checkName('run', run);
    return true;
  } catch {
    return false;
  }
}

/** Shows a container as people know it: by its name, and the first digits of its id. */
const shown = (id: string, name: string) => `${name} (${id.slice(0, 12)})`;
