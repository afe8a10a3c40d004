/**
 * Takes a step of scaling: makes, starts, ends or removes a container.
 *
 * Just before each command it asks whether this Monitor still has the duty. What may go wrong: the engine refuses, which
 * is told with the service. Or this Monitor is held up between
 * that answer and the command for longer than the duty lasts, and another Monitor goes on. Both then make the same
 * container, and the engine refuses the second one because of its name; or both end one, and one runs too few until the
 * next step.
 */
import type { Logger } from '@marblerun/service';
import { stopSeconds, type Engine, type EngineContainer } from './engine.js';
import { statusOf } from './engine-error.js';
import { likenessOf } from './likeness.js';
import type { ScaledService } from './scale-note.js';
import type { AddStep, ContainerStep } from './scaling.js';

export interface StepPlace {
  readonly engine: Engine;
  readonly log: Logger;
  readonly service: ScaledService;
  readonly listed: readonly EngineContainer[];
  /** The date by Redis's clock. */
  readonly at: number;
  /** Notes the service as it will be. False where this Monitor has the duty no longer. */
  readonly note: (service: ScaledService) => Promise<boolean>;
  /** Asks whether this Monitor still has the duty. */
  readonly isMine: () => Promise<boolean>;
}

/** The deed that was done to a container; or, with `why`, the reason why it cannot be done. */
export type Taken =
  | { readonly what: 'added' | 'started' | 'ended' | 'removed'; readonly container: string }
  | { readonly what: 'impossible'; readonly why: string };

const [GONE, TAKEN] = [404, 409];

/** Takes the step. Returns undefined where another Monitor, or a person, was quicker. */
export async function takeStep(step: AddStep | ContainerStep, place: StepPlace): Promise<Taken | undefined> {
  try {
    if (step.do === 'add') return await add(step, place);
    if (step.do === 'start') return await start(step, place);
    if (step.do === 'end') return await end(step, place);
    return await remove(step.container, place);
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined) throw error; // nobody answers
    if (status !== GONE && status !== TAKEN) return { what: 'impossible', why: (error as Error).message };
    place.log.info({ err: error }, 'somebody else was quicker');
    return undefined;
  }
}

async function add({ like, number, why }: AddStep, place: StepPlace): Promise<Taken | undefined> {
  const { engine } = place;
  const info = await engine.inspect(like.id);
  if (!info) return undefined;
  const image = place.listed.find(({ id }) => id === like.id)?.image ?? info.Image;
  const options = likenessOf(info, image, number);
  if (typeof options === 'string') return { what: 'impossible', why: options };
  if (!(await place.note(grown(place, options.name!, why)))) return undefined;
  const id = await engine.create(options);
  if (!(await place.isMine())) return undefined;
  await engine.start(id);
  return { what: 'added', container: options.name! };
}

async function start({ container, why }: ContainerStep, place: StepPlace): Promise<Taken | undefined> {
  if (!(await place.note(grown(place, container.name, why)))) return undefined;
  await place.engine.start(container.id);
  return { what: 'started', container: container.name };
}

/**
 * Asks a container to end. Nobody waits for that: the engine goes on with it even where this Monitor ends, and the next
 * looks find out when it is over.
 */
async function end({ container, why }: ContainerStep, place: StepPlace): Promise<Taken | undefined> {
  const { engine, log, service, at } = place;
  const { id, name } = container;
  const info = await engine.inspect(id);
  if (!info) return undefined;
  const graceSeconds = stopSeconds(info);
  const asked = { id, name, at, graceMs: 1000 * graceSeconds, startedAt: info.State.StartedAt };
  const isFirst = container.endingMs === undefined;
  const ending = [...service.ending.filter((one) => one.id !== id), asked];
  const last = { at, direction: 'down', container: name, why } as const;
  const after = isFirst ? { running: service.running - 1, changedAt: at, last } : {};
  if (!(await place.note({ ...service, ...after, ending }))) return undefined;
  engine.stop(id, graceSeconds).catch((error: unknown) => {
    log.warn({ container: name, err: error }, 'could not end a container; tries again later');
  });
  return { what: 'ended', container: name };
}

async function remove(
  { id, name }: ContainerStep['container'],
  { engine, isMine }: StepPlace,
): Promise<Taken | undefined> {
  if (!(await isMine())) return undefined;
  await engine.remove(id);
  return { what: 'removed', container: name };
}

function grown({ service, at }: StepPlace, container: string, why: string): ScaledService {
  const last = { at, direction: 'up', container, why } as const;
  return { ...service, running: service.running + 1, changedAt: at, last };
}
