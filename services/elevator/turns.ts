/**
 * Whose turn it is in the next batch: all queues that wait, or a part of very many, and not always the same ones first.
 *
 * What it may get wrong: it knows only what this Elevator has lifted. Another one of the same lane goes round by itself.
 */

/** In a batch at the most: a look at each costs Redis a few microseconds, and a step is not to hold it up. */
const MOST_QUEUES = 500;

export class Turns {
  #next: readonly string[] = [];
  #latest = '';

  /** Picks the queues whose turn it is, of those that wait: from the one behind the latest that was served. */
  next(waiting: readonly string[]): readonly string[] {
    const all = [...waiting].sort();
    const first = Math.max(
      0,
      all.findIndex((queue) => queue > this.#latest),
    );
    this.#next = [...all.slice(first), ...all.slice(0, first)].slice(0, MOST_QUEUES);
    return this.#next;
  }

  /** Notes the queues that gave marbles. Where all did, the next one is the first; else the one behind the latest of these. */
  served(queues: ReadonlySet<string>): void {
    const latest = this.#next.findLastIndex((queue) => queues.has(queue));
    const didAll = latest === this.#next.length - 1 && this.#next.length < MOST_QUEUES;
    this.#latest = this.#next[didAll ? 0 : latest] ?? '';
  }
}
