/**
 * Measures how fast batches get on from one look of the page to the next, and when they will be over at that rate.
 */
const WINDOW_MS = 60_000;
/** The least time between two looks to compare: looks that are nearer say little. */
const LEAST_MS = 1000;

const over = ({ finished, dead, gone, cancelled }) => finished + dead + gone + cancelled;

export class Pace {
  /** The looks of the last minute at each batch, the oldest first. */
  #looks = new Map();

  /** Notes a look at these batches, and forgets all others. */
  look(batches) {
    const looks = new Map();
    for (const batch of batches) {
      const before = (this.#looks.get(batch.id) ?? []).filter(({ at }) => batch.at - at < WINDOW_MS);
      looks.set(batch.id, [...before, { at: batch.at, over: over(batch) }]);
    }
    this.#looks = looks;
  }

  /** Returns the members that end in a second; undefined where that is not known yet. */
  rate({ id }) {
    const looks = this.#looks.get(id) ?? [];
    const [first, last] = [looks[0], looks.at(-1)];
    if (!first || last.at - first.at < LEAST_MS) return undefined;
    return Math.max(0, ((last.over - first.over) * 1000) / (last.at - first.at));
  }

  /** Returns the ms until nothing is left. Undefined where that cannot be said: before the seal more may come. */
  eta(batch) {
    const rate = this.rate(batch);
    return batch.sealed && batch.left > 0 && rate > 0 ? (batch.left * 1000) / rate : undefined;
  }
}
