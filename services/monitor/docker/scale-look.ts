/**
 * Looks at a compose service: its containers by the engine, its work and its holders by the bus, and what the Monitors
 * have noted of it.
 */
import type { Communicator, HolderAtWork } from 'marblerun/communicator';
import type { ComposeService } from './compose-services.js';
import type { Engine, EngineContainer } from './engine.js';
import { COMPOSE } from './likeness.js';
import type { ScaleRule } from './scale-labels.js';
import type { ScaledService } from './scale-note.js';
import type { ScaledContainer } from './scaling.js';

export interface LookPlace {
  readonly communicator: Communicator;
  readonly engine: Engine;
  /** The holders in each container of the run. */
  readonly within: ReadonlyMap<string, readonly HolderAtWork[]>;
  /** The date by Redis's clock. */
  readonly at: number;
}

type Ending = ScaledService['ending'][number];

export interface Looked {
  readonly containers: readonly ScaledContainer[];
  /** The containers that were asked to end and have not been removed. */
  readonly ending: readonly Ending[];
  readonly queues: readonly string[];
  /** Marbles of these queues that wait or are in hand; undefined where its queues are not known. */
  readonly work: number | undefined;
}

/** `noted`: what was asked to end. */
export async function lookAt(
  { containers }: ComposeService,
  rule: ScaleRule,
  noted: readonly Ending[],
  place: LookPlace,
): Promise<Looked> {
  const described = await Promise.all(containers.map((container) => describe(container, noted, place)));
  const found = described.sort((a, b) => a.number - b.number);
  const known = new Set(found.filter(({ endingMs }) => endingMs !== undefined).map(({ id }) => id));
  const within = containers.flatMap(({ id }) => place.within.get(id) ?? []);
  const queues = rule.queues ?? [...new Set(within.flatMap((holder) => holder.queues))].sort();
  return {
    ...{ containers: found, queues, ending: noted.filter(({ id }) => known.has(id)) },
    work: queues.length === 0 ? undefined : await workOf(place.communicator, queues),
  };
}

async function workOf({ queues }: Communicator, names: readonly string[]): Promise<number> {
  const all = await queues.queuesNamed([...names]);
  return all.reduce((sum, { depth, held }) => sum + depth + held, 0);
}

async function describe(
  container: EngineContainer,
  noted: readonly Ending[],
  place: LookPlace,
): Promise<ScaledContainer> {
  const { id, name, labels, state } = container;
  const holders = place.within.get(id);
  const asked = noted.find((ending) => ending.id === id);
  const isOver = state === 'exited' || state === 'dead';
  const info = asked || isOver ? await place.engine.inspect(id) : undefined;
  // One that somebody has started again is not asked to end any more.
  const isEnding = asked && (isOver || info?.State.StartedAt === asked.startedAt);
  return {
    ...{ id, name, state, number: Number(labels[COMPOSE.number]), configHash: labels[COMPOSE.hash] ?? '' },
    held: holders?.reduce((sum, { held }) => sum + held, 0),
    livedMs: isOver && info ? livedMs(info.State) : undefined,
    endingMs: isEnding ? place.at - asked.at : undefined,
    graceMs: asked?.graceMs ?? 0,
  };
}

/**
 * Computes how long a container ran. An engine notes the start once the program is under way: of one that ends at once
 * the end comes before that, and one that never came to run has none.
 */
export function livedMs({ StartedAt, FinishedAt }: Readonly<Record<'StartedAt' | 'FinishedAt', string>>): number {
  return Math.max(0, Date.parse(FinishedAt) - Date.parse(StartedAt));
}
