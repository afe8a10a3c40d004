/**
 * Which queues or batches are shown where there are too many: in turn the first of several rankings.
 */
import type { OpenBatch, QueueStatus } from 'marblerun/communicator';
import { Greatest } from './greatest.js';

export type Criteria<T> = readonly ((item: T) => number)[];

/** The deepest, those whose marbles wait longest, and those of which most fails. */
export const OF_QUEUES: Criteria<QueueStatus> = [
  ({ depth }) => depth,
  ({ oldestMs }) => oldestMs,
  ({ counts }) => counts.failed + counts.dropped + counts.dead,
];

/** Batches with most dead, the oldest, and those with most left. */
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

  /** Of fewer than `most` these are the first of the same. */
  get chosen(): readonly T[] {
    const rankings = this.#greatest.map(({ ranking }) => ranking);
    const inTurn = Array.from({ length: this.most }, (_, place) => rankings.map((ranking) => ranking[place])).flat();
    return [...new Set(inTurn.filter((item) => item !== undefined))].slice(0, this.most);
  }
}
