/**
 * Keeps the number of containers of compose services between limits, for one run: as many as the marbles need that wait
 * or are in hand.
 *
 * Of all Monitors of a run one has the duty at a time (`noted-duty.ts`). What may go wrong: the engine refuses, or is
 * away. Then the loop says so and tries again, and everything else goes on.
 */
import type { Logger } from '@marblerun/service';
import type { Communicator } from 'marblerun/communicator';
import type { UpkeepMetrics } from './upkeep-metrics.js';
import { scaledServices, type ComposeService } from './compose-services.js';
import type { Engine, EngineContainer } from './engine.js';
import { holdersWithin } from './holders-within.js';
import { NotedDuty } from './noted-duty.js';
import { isMistake } from './scale-labels.js';
import { lookAt, type LookPlace } from './scale-look.js';
import { scaleNote, type ScaledService } from './scale-note.js';
import { takeStep } from './scale-steps.js';
import { decide, runningOf, type AddStep, type ContainerStep, type CoolDown } from './scaling.js';

export interface ScalerParts {
  readonly communicator: Communicator;
  readonly engine: Engine;
  readonly log: Logger;
  readonly metrics: UpkeepMetrics;
  readonly coolDown: CoolDown;
}

type Services = Map<string, ScaledService>;

export class Scaler {
  /** The services as this Monitor sees them; undefined while another one has the duty. */
  services: readonly ScaledService[] | undefined;
  readonly #duty: NotedDuty<{ services: ScaledService[] }>;
  /** When as many containers as run were last wanted, or more. */
  readonly #busyAt = new Map<string, number>();
  /** The trouble of each service that the log was told of. */
  readonly #told = new Map<string, string>();

  constructor(
    private readonly run: string,
    private readonly parts: ScalerParts,
  ) {
    this.#duty = new NotedDuty(parts.communicator, 'scale', scaleNote, { services: [] });
  }

  /** Looks at all services once, and takes one step for each at the most. */
  async look(): Promise<undefined> {
    const { communicator, engine } = this.parts;
    const found = scaledServices(this.run, await engine.containers());
    const taken = await this.#duty.take();
    this.services = taken && [];
    if (!taken) return;
    const noted = new Map(taken.note.services.map((service) => [keyOf(service), service]));
    const kept = found.map((one) => noted.get(keyOf(one))).filter((service) => service !== undefined);
    const services: Services = new Map(kept.map((service) => [keyOf(service), service]));
    const ids = found.flatMap(({ containers }) => containers.map(({ id }) => id));
    const within = ids.length === 0 ? new Map() : await holdersWithin(communicator, ids);
    const place = { communicator, engine, within, at: taken.at };
    try {
      for (const one of found) await this.#lookAt(one, noted.get(keyOf(one)), place, services);
    } finally {
      this.services = [...services.values()];
    }
    if (!(await this.#note(services))) this.services = undefined;
  }

  /** Lets another Monitor go on at once. */
  async stop(): Promise<void> {
    await this.#duty.giveUp();
  }

  /** Reads what was noted of the services, whichever Monitor has the duty. */
  async noted(): Promise<readonly ScaledService[]> {
    return (await this.#duty.noted()).services;
  }

  async #lookAt(
    one: ComposeService,
    noted: ScaledService | undefined,
    place: LookPlace,
    services: Services,
  ): Promise<void> {
    const key = keyOf(one);
    const { rule, project, service, containers } = one;
    const blank = { project, service, running: 0, queues: [], isTrouble: true, changedAt: place.at, ending: [] };
    if (isMistake(rule)) {
      const state = `${containers[0]!.name}: label ${rule.label}: ${rule.mistake}`;
      this.#show({ ...blank, state }, services);
      return;
    }
    const looked = await lookAt(one, rule, noted?.ending ?? [], place);
    const running = runningOf(looked.containers).length;
    const changedAt = noted?.running === running ? noted.changedAt : place.at;
    const busyAt = this.#busyAt.get(key) ?? place.at;
    const times = { changedMs: place.at - changedAt, busyMs: place.at - busyAt };
    const { wanted, step } = decide({ rule, ...looked, ...times }, this.parts.coolDown);
    this.#busyAt.set(key, wanted >= running ? place.at : busyAt);
    const { min, max, target } = rule;
    const { queues, work, ending } = looked;
    const view = { ...blank, running, wanted, min, max, target, changedAt, last: noted?.last };
    const isTrouble = step.do === 'nothing' && step.isTrouble === true;
    const now = { ...view, work, queues: [...queues], ending: [...ending], state: step.why, isTrouble };
    this.#show(now, services);
    if (step.do !== 'nothing') await this.#take(step, { now, listed: containers, at: place.at, services });
  }

  async #take(step: AddStep | ContainerStep, about: About): Promise<void> {
    const { engine, log, metrics } = this.parts;
    const { now, services } = about;
    const note = (service: ScaledService) => {
      services.set(keyOf(service), service);
      return this.#note(services);
    };
    const isMine = () => this.#duty.isMine();
    const place = { ...{ engine, log, note, isMine }, service: now, listed: about.listed, at: about.at };
    const taken = await takeStep(step, place);
    if (!taken) return;
    if (taken.what === 'impossible') {
      this.#show({ ...now, changedAt: about.at, state: taken.why, isTrouble: true }, services);
      return;
    }
    const { project, service } = now;
    const audit = { audit: 'change', who: 'monitor', run: this.run, project, service, fence: this.#duty.fence };
    log.info({ ...audit, ...taken, why: step.why }, 'scaled');
    if (taken.what === 'removed') return;
    metrics.scaleSteps.inc({ run: this.run, direction: taken.what === 'ended' ? 'down' : 'up' });
  }

  #note(services: Services): Promise<boolean> {
    return this.#duty.note({ services: [...services.values()] });
  }

  /** Keeps what is to be shown, and tells the log of a trouble once. */
  #show(service: ScaledService, services: Services): void {
    const key = keyOf(service);
    services.set(key, service);
    const trouble = service.isTrouble ? service.state : '';
    const about = { run: this.run, project: service.project, service: service.service };
    if (trouble && trouble !== this.#told.get(key)) this.parts.log.warn(about, `is not scaled: ${trouble}`);
    this.#told.set(key, trouble);
  }
}

interface About {
  readonly now: ScaledService;
  readonly listed: readonly EngineContainer[];
  readonly at: number;
  readonly services: Services;
}

function keyOf({ project, service }: { readonly project: string; readonly service: string }): string {
  return JSON.stringify([project, service]);
}
