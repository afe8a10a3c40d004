/**
 * How fast batches get on, from one look of the page to the next, and when they will be over at that rate.
 */
const WINDOW_MS = 60_000;
/** Two looks that are nearer than that say little. */
const LEAST_MS = 1000;

const over = ({ finished, dead, gone, cancelled }) => finished + dead + gone + cancelled;

export class Pace {
  /** Looks of the last minute at each batch, the oldest first. */
  #looks = new Map();

  /** Forgets batches that are not among these. */
  look(batches) {
    const looks = new Map();
    for (const batch of batches) {
      const before = (this.#looks.get(batch.id) ?? []).filter(({ at }) => batch.at - at < WINDOW_MS);
      looks.set(batch.id, [...before, { at: batch.at, over: over(batch) }]);
    }
    this.#looks = looks;
  }

  /** Members that end in a second; undefined where that is not known yet. */
  rate({ id }) {
    const looks = this.#looks.get(id) ?? [];
    const [first, last] = [looks[0], looks.at(-1)];
    if (!first || last.at - first.at < LEAST_MS) return undefined;
    return Math.max(0, ((last.over - first.over) * 1000) / (last.at - first.at));
  }

  /** Until nothing is left, in ms; undefined where that cannot be said: more may come before the seal. */
  eta(batch) {
    const rate = this.rate(batch);
    return batch.sealed && batch.left > 0 && rate > 0 ? (batch.left * 1000) / rate : undefined;
  }
}
