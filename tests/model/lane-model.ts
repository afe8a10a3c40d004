/**
 * A lane as it should be: the lower run hands out one numbered batch until it has arrived, the
 * upper run takes each number once.
 */
import type { MarbleModel } from './holder-model.js';
import { lineOf, type RunModel } from './run-model.js';

export interface BatchModel {
  readonly number: number;
  readonly entries: readonly { readonly queue: string; readonly marble: MarbleModel }[];
}

export class LaneModel {
  #number = 0;
  #transit: BatchModel['entries'] = [];
  #landed = 0;

  constructor(
    private readonly lower: RunModel,
    private readonly upper: RunModel,
  ) {}

  lift(queues: readonly string[], most: number, arrived: BatchModel | undefined): BatchModel | undefined {
    if (arrived?.number === this.#number) this.#transit = [];
    if (this.#transit.length === 0) this.#fill(queues, most);
    return this.#transit.length === 0 ? undefined : { number: this.#number, entries: this.#transit };
  }

  land({ number, entries }: BatchModel): 'landed' | 'duplicate' | 'doubt' {
    if (number === this.#landed) return 'duplicate';
    if (number < this.#landed) return 'doubt';
    this.#landed = number;
    for (const { queue, marble } of entries) {
      lineOf(this.upper.queues, queue).push({ ...marble, attempt: 0, suspicion: 0 });
      this.upper.count(queue, 'sent', 1);
    }
    return 'landed';
  }

  #fill(queues: readonly string[], most: number): void {
    const entries: { queue: string; marble: MarbleModel }[] = [];
    for (const queue of queues) {
      const lifted = lineOf(this.lower.outboxes, queue).splice(0, most - entries.length);
      this.lower.count(queue, 'lifted', lifted.length);
      entries.push(...lifted.map((marble) => ({ queue, marble })));
    }
    this.#transit = entries;
    if (entries.length > 0) this.#number++;
  }
}
