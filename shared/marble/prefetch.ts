/**
 * How many marbles a worker has in hand: those that it works on, and ahead of them as many as it will start within a tenth
 * of a second.
 *
 * What is taken ahead waits for this worker and nobody else, so slow handlers get none, and fast
 * ones enough that a round trip is shared by many. Under a time limit, which counts from the taking, nothing is taken
 * ahead, and no more at a time than begin at once.
 */
const AHEAD_MS = 100;
const SMOOTHING = 0.2;
/** The share of a time limit that may pass before the last of those taken together has begun. */
const LATE_SHARE = 0.1;

export class Prefetch {
  #averageMs: number | undefined;
  /** How long a handler keeps all others from beginning: until it returns, be it a promise. */
  #blockedMs: number | undefined;
  #stalled = false;

  constructor(
    private readonly concurrency: number,
    private readonly most: number,
    private readonly timeLimitMs: number,
  ) {}

  /** A handler took this long. */
  took(ms: number): void {
    this.#averageMs = smoothed(this.#averageMs, ms);
    this.#stalled = false;
  }

  /** A handler that began at `started` has returned. */
  blocked(started: number): void {
    if (this.timeLimitMs > 0) this.#blockedMs = smoothed(this.#blockedMs, performance.now() - started);
  }

  /** Takes nothing ahead until a handler is done: what was taken ahead had to wait for too long. */
  stall(): void {
    this.#stalled = true;
  }

  /** Marbles to have in hand. */
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

/** How much later than the worker itself the Monitor ends a time limit: for one that hangs and cannot tell of it. */
export function graceMs(timeLimitMs: number): number {
  return timeLimitMs === 0 ? 0 : Math.max(1000, Math.ceil(timeLimitMs * LATE_SHARE));
}

function smoothed(average: number | undefined, ms: number): number {
  return average === undefined ? ms : average + SMOOTHING * (ms - average);
}
