/**
 * Decides how many containers of a compose service are wanted, and which step comes next: one at the most.
 *
 * It only computes: the engine and the bus are asked by `scaler.ts`. What it may get wrong: it sees the work of a moment.
 * So each step waits until some time has passed since the last one, and a container is ended only if fewer were wanted
 * for all of that time.
 */
import type { ScaleRule } from './scale-labels.js';

export interface ScaledContainer {
  readonly id: string;
  readonly name: string;
  /** The number that compose gives it. */
  readonly number: number;
  /** Docker's word: `running`, `exited`, … */
  readonly state: string;
  /** The hash by which compose knows the settings that it was made with. */
  readonly configHash: string;
  /** Marbles that its holders have in hand; undefined where none of them has been seen. */
  readonly held: number | undefined;
  /** How long it ran, where it has ended by itself. */
  readonly livedMs: number | undefined;
  /** How long ago it was asked to end, where it was. */
  readonly endingMs: number | undefined;
  /** The time that it is given to end. */
  readonly graceMs: number;
}

export interface ServiceState {
  readonly rule: ScaleRule;
  readonly containers: readonly ScaledContainer[];
  /** Marbles that wait in its queues or are in hand; undefined where its queues are not known. */
  readonly work: number | undefined;
  /** The time since the last step, or since another number of its containers was seen to run. */
  readonly changedMs: number;
  /** The time since as many containers as run were last wanted, or more. */
  readonly busyMs: number;
}

export interface CoolDown {
  readonly upMs: number;
  readonly downMs: number;
}

/** A container with this number is to be made, like another one. */
export interface AddStep {
  readonly do: 'add';
  readonly like: ScaledContainer;
  readonly number: number;
  readonly why: string;
}

export interface ContainerStep {
  readonly do: 'start' | 'end' | 'remove';
  readonly container: ScaledContainer;
  readonly why: string;
}

export interface NoStep {
  readonly do: 'nothing';
  readonly why: string;
  /** A person has to do something. */
  readonly isTrouble?: true;
}

export type Step = AddStep | ContainerStep | NoStep;

export interface Decision {
  /** Containers that run and were not asked to end. */
  readonly running: number;
  readonly wanted: number;
  readonly step: Step;
}

/** A container that ends sooner after its start has failed, whatever its exit code is. */
const LEAST_LIFE_MS = 10_000;
/** The time after which a container that does not come to work is a trouble. */
const PATIENCE_MS = 60_000;
/** The time beyond its grace after which a container that still runs is asked to end once more. */
const END_AGAIN_MS = 30_000;

const LIVES = new Set(['running', 'restarting', 'paused']);

export function decide(service: ServiceState, coolDown: CoolDown): Decision {
  const running = runningOf(service.containers);
  const wanted = wantedOf(service, running.length);
  const step =
    ended(service) ??
    notNow(service, running) ??
    (running.length < wanted
      ? up(service, running, coolDown)
      : running.length > wanted
        ? down(service, running, coolDown)
        : ({ do: 'nothing', why: 'as many run as are wanted' } as const));
  return { running: running.length, wanted, step };
}

/** Picks the containers that run and were not asked to end. */
export function runningOf(containers: readonly ScaledContainer[]): ScaledContainer[] {
  return containers.filter(({ state, endingMs }) => LIVES.has(state) && endingMs === undefined);
}

/** Counts how many are wanted: within the limits, as many as the work needs. */
export function wantedOf({ rule, work }: ServiceState, running: number): number {
  const { min, max, target } = rule;
  const needed = work === undefined ? running : Math.ceil(work / target);
  return Math.min(max, Math.max(min, needed));
}

/** Goes on with a container that was asked to end. */
function ended({ containers }: ServiceState): Step | undefined {
  for (const container of containers) {
    const { endingMs, state, graceMs, name } = container;
    if (endingMs === undefined) continue;
    if (!LIVES.has(state)) return { do: 'remove', container, why: `${name} has ended` };
    if (endingMs > graceMs + END_AGAIN_MS) return { do: 'end', container, why: `${name} still runs` };
  }
  return undefined;
}

/** Returns the reason why this service is left alone, whatever work there is. */
function notNow({ work }: ServiceState, running: readonly ScaledContainer[]): Step | undefined {
  const [first] = running;
  if (!first) return trouble('none of its containers runs: start the service, since there is none to copy');
  const other = running.find(({ configHash }) => configHash !== first.configHash);
  if (other)
    return trouble(
      `${first.name} and ${other.name} were made with different settings: run "docker compose up" to the end`,
    );
  if (work === undefined)
    return trouble('no holder in its containers tells its queues: give them by the label marblerun.scale.queues');
  return undefined;
}

function up(service: ServiceState, running: readonly ScaledContainer[], { upMs }: CoolDown): Step {
  const { rule, containers, work, changedMs } = service;
  if (changedMs < upMs) return { do: 'nothing', why: `waits until ${upMs} ms have passed since the last change` };
  const failing = containers.map((container) => whyFailing(container, changedMs)).find((step) => step !== undefined);
  if (failing) return failing;
  const why = `${work} marbles wait or are in hand, and ${rule.target} are for one container`;
  const created = containers.find(
    ({ state, configHash }) => state === 'created' && configHash === running[0]!.configHash,
  );
  if (created) return { do: 'start', container: created, why };
  if (containers.length >= rule.max) {
    const ended = containers.filter(({ state }) => !LIVES.has(state)).map(({ name }) => name);
    return trouble(
      `${ended.join(', ') || 'a container that is ending'} takes a place of the ${rule.max} that are allowed`,
    );
  }
  return { do: 'add', like: running[0]!, number: freeNumber(containers), why };
}

/** Tells why no container is added beside this one: a further one would fail too, or is not needed yet. */
function whyFailing({ name, state, held, livedMs, endingMs }: ScaledContainer, changedMs: number): Step | undefined {
  if (endingMs !== undefined) return undefined;
  if (state === 'restarting') return trouble(`${name} ends and is started again, over and over`);
  if (livedMs !== undefined && livedMs < LEAST_LIFE_MS)
    return trouble(`${name} ended ${livedMs} ms after its start: see its log, then remove it or start it again`);
  if (!LIVES.has(state) || held !== undefined) return undefined;
  const why = `no holder has been seen in ${name} yet`;
  return changedMs < PATIENCE_MS ? { do: 'nothing', why } : trouble(why);
}

function down(
  { rule, work, changedMs, busyMs }: ServiceState,
  running: readonly ScaledContainer[],
  { downMs }: CoolDown,
): Step {
  const tooMany = running.length > rule.max;
  if (changedMs < downMs || (busyMs < downMs && !tooMany))
    return {
      do: 'nothing',
      why: `waits until ${downMs} ms have passed since the last change, with no need for so many`,
    };
  const [container] = [...running].sort((a, b) => (a.held ?? 0) - (b.held ?? 0) || b.number - a.number);
  const why = tooMany
    ? `${running.length} run, and ${rule.max} are allowed`
    : `${work} marbles wait or are in hand, and ${rule.target} are for one container`;
  return { do: 'end', container: container!, why };
}

function freeNumber(containers: readonly ScaledContainer[]): number {
  const taken = new Set(containers.map(({ number }) => number));
  for (let number = 1; ; number++) if (!taken.has(number)) return number;
}

function trouble(why: string): Step {
  return { do: 'nothing', why, isTrouble: true };
}
