/**
 * Tells of labels by which nothing can be done: a warning for each container, once.
 */
import type { Logger } from '@marblerun/service';
import { runsOf } from './compose-services.js';
import type { EngineContainer } from './engine.js';
import type { EngineListener } from './engine-watch.js';
import { RESTART_LABEL, WHEN_HUNG } from './restarter.js';

export class LabelWatch implements EngineListener {
  #told = new Set<string>();

  constructor(
    private readonly run: string,
    private readonly log: Logger,
  ) {}

  heard(): void {
    // a listing follows
  }

  listed(containers: readonly EngineContainer[]): void {
    const wrong = containers.filter((container) => {
      const value = container.labels[RESTART_LABEL];
      return value !== undefined && value !== WHEN_HUNG && runsOf(container).includes(this.run);
    });
    for (const { id, name, labels } of wrong) {
      if (this.#told.has(id)) continue;
      const about = { run: this.run, container: name, label: RESTART_LABEL, value: labels[RESTART_LABEL] };
      this.log.warn(about, `a label makes no sense; allowed: ${WHEN_HUNG}`);
    }
    this.#told = new Set(wrong.map(({ id }) => id));
  }
}
