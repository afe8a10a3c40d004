/**
 * Chooses the queues or batches to show where there are too many: in turn the first of several rankings.
 */
import type { OpenBatch, QueueStatus } from 'marblerun/communicator';
import { Greatest } from './greatest.js';

export type Criteria<T> = readonly ((item: T) => number)[];

/** The rankings of queues: the deepest, those whose marbles wait longest, and those in which most fails. */
export const OF_QUEUES: Criteria<QueueStatus> = [
  ({ depth }) => depth,
  ({ oldestMs }) => oldestMs,
  ({ counts }) => counts.failed + counts.dropped + counts.dead,
];

/** The rankings of batches: those with most dead, the oldest, and those with most left. */
export const OF_BATCHES: Criteria<OpenBatch> = [({ dead }) => dead, ({ ageMs }) => ageMs, ({ left }) => left];

export class MostTelling<T> {
  readonly #greatest: readonly Greatest<T>[];

  constructor(
    private readonly most: number,
    criteria: Criteria<T>,
  ) {
    this.#greatest = criteria.map((sizeOf) => new Greatest(most, sizeOf));
  }

  add(items: readonly T[]): void {
    for (const greatest of this.#greatest) greatest.add(items);
  }

  /** The chosen items. For a smaller `most` they are the first of the same. */
  get chosen(): readonly T[] {
    const rankings = this.#greatest.map(({ ranking }) => ranking);
    const inTurn = Array.from({ length: this.most }, (_, place) => rankings.map((ranking) => ranking[place])).flat();
    return [...new Set(inTurn.filter((item) => item !== undefined))].slice(0, this.most);
  }
}
