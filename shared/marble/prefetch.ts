/**
 * How many marbles a worker takes ahead: as many as it will start within a tenth of a second.
 *
 * What is taken ahead waits for this worker and nobody else, so slow handlers get none, and fast
 * ones enough that a round trip is shared by many.
 */
const AHEAD_MS = 100;
const SMOOTHING = 0.2;

export class Prefetch {
  #averageMs: number | undefined;

  constructor(
    private readonly concurrency: number,
    private readonly most: number,
  ) {}

  /** A handler took this long. */
  took(ms: number): void {
    this.#averageMs = this.#averageMs === undefined ? ms : this.#averageMs + SMOOTHING * (ms - this.#averageMs);
  }

  /** Marbles to hold beyond those being worked on. */
  get size(): number {
    if (this.#averageMs === undefined) return 0;
    return Math.min(this.most, Math.floor((this.concurrency * AHEAD_MS) / Math.max(this.#averageMs, 0.01)));
  }
}
