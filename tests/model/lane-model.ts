/**
 * A lane as it should be: the lower run hands out one numbered transit until it has arrived, and the upper run takes each
 * number once.
 */
import type { MarbleModel } from './holder-model.js';
import { lineOf, type RunModel } from './run-model.js';

export interface TransitModel {
  readonly number: number;
  readonly entries: readonly { readonly queue: string; readonly marble: MarbleModel }[];
}

export class LaneModel {
  #number = 0;
  #transit: TransitModel['entries'] = [];
  #landed = 0;

  constructor(
    private readonly lower: RunModel,
    private readonly upper: RunModel,
  ) {}

  lift(queues: readonly string[], most: number, arrived: TransitModel | undefined): TransitModel | undefined {
    if (arrived?.number === this.#number) this.#transit = [];
    if (this.#transit.length === 0) this.#fill(queues, most);
    return this.#transit.length === 0 ? undefined : { number: this.#number, entries: this.#transit };
  }

  land({ number, entries }: TransitModel): 'landed' | 'duplicate' | 'doubt' {
    if (number === this.#landed) return 'duplicate';
    if (number < this.#landed) return 'doubt';
    this.#landed = number;
    const arrived = entries.map(({ queue, marble }) => ({
      queue,
      marble: { ...marble, attempt: 0, suspicion: 0 as const, member: undefined },
    }));
    for (const { queue, marble } of arrived) {
      if (!marble.expedited) this.upper.put(queue, 'back', [marble]);
      this.upper.count(queue, 'sent', 1);
    }
    for (const { queue, marble } of arrived.reverse()) if (marble.expedited) this.upper.put(queue, 'front', [marble]);
    return 'landed';
  }

  /**
   * Fills a transit: first expedited marbles, then one marble for each queue in turn until the transit is full. In the
   * transit, marbles of one queue lie together.
   */
  #fill(queues: readonly string[], most: number): void {
    const shares = new Map(queues.map((queue) => [queue, 0]));
    const next = (queue: string) => lineOf(this.lower.outboxes, queue)[shares.get(queue)!];
    let room = most;
    const take = (queue: string) => {
      shares.set(queue, shares.get(queue)! + 1);
      room--;
    };
    for (const queue of queues) while (room > 0 && next(queue)?.expedited) take(queue);
    while (room > 0 && queues.some(next)) for (const queue of queues.filter(next).slice(0, room)) take(queue);
    this.#transit = queues.flatMap((queue) => {
      const lifted = lineOf(this.lower.outboxes, queue).splice(0, shares.get(queue));
      this.lower.count(queue, 'lifted', lifted.length);
      return lifted.map((marble) => ({ queue, marble }));
    });
    if (this.#transit.length > 0) this.#number++;
  }
}
