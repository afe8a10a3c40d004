/**
 * Decides whose turn it is in the next transit: all queues that wait, or part of them where there are very many, and not
 * always the same ones first.
 *
 * What it may get wrong: it knows only what this Elevator has lifted. Another Elevator of the same lane has its own
 * round.
 */

/** The most queues in a transit. A look at each costs Redis a few microseconds, and one step must not hold Redis up. */
const MOST_QUEUES = 500;

export class Turns {
  #next: readonly string[] = [];
  #latest = '';

  /** Picks the queues whose turn it is from those that wait, beginning behind the latest that was served. */
  next(waiting: readonly string[]): readonly string[] {
    const all = [...waiting].sort();
    const first = Math.max(
      0,
      all.findIndex((queue) => queue > this.#latest),
    );
    this.#next = [...all.slice(first), ...all.slice(0, first)].slice(0, MOST_QUEUES);
    return this.#next;
  }

  /**
   * Notes the queues that gave marbles. Where all did, the next round begins one queue further on; otherwise it begins
   * behind the latest of these.
   */
  served(queues: ReadonlySet<string>): void {
    const latest = this.#next.findLastIndex((queue) => queues.has(queue));
    const didAll = latest === this.#next.length - 1 && this.#next.length < MOST_QUEUES;
    this.#latest = this.#next[didAll ? 0 : latest] ?? '';
  }
}
