/**
 * Which queues are shown where there are too many: in turn the deepest, those whose marbles wait longest, and those of which
 * most fails.
 */
import type { QueueStatus } from 'marblerun/communicator';
import { Greatest } from './greatest.js';

const CRITERIA: readonly ((queue: QueueStatus) => number)[] = [
  ({ depth }) => depth,
  ({ oldestMs }) => oldestMs,
  ({ counts }) => counts.failed + counts.dropped + counts.dead,
];

export class MostTelling {
  readonly #greatest: readonly Greatest<QueueStatus>[];

  constructor(private readonly most: number) {
    this.#greatest = CRITERIA.map((sizeOf) => new Greatest(most, sizeOf));
  }

  add(queues: readonly QueueStatus[]): void {
    for (const greatest of this.#greatest) greatest.add(queues);
  }

  /** Of fewer than `most` these are the first of the same. */
  get chosen(): readonly QueueStatus[] {
    const rankings = this.#greatest.map(({ ranking }) => ranking);
    const inTurn = Array.from({ length: this.most }, (_, place) => rankings.map((ranking) => ranking[place])).flat();
    return [...new Set(inTurn.filter((queue) => queue !== undefined))].slice(0, this.most);
  }
}
