/**
 * Decides how many marbles a worker has in hand: those that it works on, and as many more as it will start within a
 * tenth of a second.
 *
 * A marble that is taken ahead waits for this worker and nobody else. So slow handlers take none ahead, and fast ones
 * take enough that many share a round trip. A time limit counts from the taking: under one, nothing is taken ahead, and
 * no more marbles are taken at a time than begin at once.
 */
const AHEAD_MS = 100;
const SMOOTHING = 0.2;
/** The share of a time limit that may pass before the last of the marbles taken together has begun. */
const LATE_SHARE = 0.1;

export class Prefetch {
  #averageMs: number | undefined;
  /** The time for which a handler keeps all others from beginning: until it returns, even if it returns a promise. */
  #blockedMs: number | undefined;
  #stalled = false;

  constructor(
    private readonly concurrency: number,
    private readonly most: number,
    private readonly timeLimitMs: number,
  ) {}

  /** Notes how long a handler took. */
  took(ms: number): void {
    this.#averageMs = smoothed(this.#averageMs, ms);
    this.#stalled = false;
  }

  /** Notes that a handler that began at `started` has returned. */
  blocked(started: number): void {
    if (this.timeLimitMs > 0) this.#blockedMs = smoothed(this.#blockedMs, performance.now() - started);
  }

  /** Takes nothing ahead until a handler is done, since marbles taken ahead had to wait too long. */
  stall(): void {
    this.#stalled = true;
  }

  /** The number of marbles to have in hand. */
  get places(): number {
    if (this.timeLimitMs > 0) return this.#placesInTime;
    if (this.#stalled || this.#averageMs === undefined) return this.concurrency;
    return (
      this.concurrency +
      Math.min(this.most, Math.floor((this.concurrency * AHEAD_MS) / Math.max(this.#averageMs, 0.01)))
    );
  }

  get #placesInTime(): number {
    if (this.#blockedMs === undefined) return 1;
    const inTime = Math.floor((this.timeLimitMs * LATE_SHARE) / Math.max(this.#blockedMs, 0.001));
    return Math.max(1, Math.min(this.concurrency, inTime));
  }
}

/**
 * Returns how much later than the worker the Monitor ends a time limit. The Monitor does so for a worker that hangs and
 * cannot do it itself.
 */
export function graceMs(timeLimitMs: number): number {
  return timeLimitMs === 0 ? 0 : Math.max(1000, Math.ceil(timeLimitMs * LATE_SHARE));
}

function smoothed(average: number | undefined, ms: number): number {
  return average === undefined ? ms : average + SMOOTHING * (ms - average);
}
