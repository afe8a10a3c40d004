/**
 * How large a batch may be, by how long the last ones took: over a slow link smaller ones go, so that none is under way
 * for long, what is urgent waits for little, and an end of the Elevator repeats little.
 *
 * What it may get wrong: it takes slowness for that of the link, whatever it comes from; it is then too careful for some
 * batches, and grows again.
 */
import type { LiftLimits } from 'marblerun/communicator';

/** What a batch should take at the most. */
const TARGET_MS = 1000;
/** Where every batch takes long, however small, size is not what makes it slow: so many times the quickest is fine too. */
const TIMES_QUICKEST = 3;
/** The first is of this size, and none is made smaller than the least. */
const FIRST_BYTES = 65_536;
const LEAST_BYTES = 4096;
const LEAST_MARBLES = 10;

export class Pace {
  /** Of the limits. */
  #share: number;
  #quickestMs = Infinity;

  constructor(private readonly most: LiftLimits) {
    this.#share = Math.min(1, FIRST_BYTES / most.bytes);
  }

  /** Of the next batch. */
  get limits(): LiftLimits {
    const { marbles, bytes } = this.most;
    return {
      marbles: Math.min(marbles, Math.max(LEAST_MARBLES, Math.round(marbles * this.#share))),
      bytes: Math.min(bytes, Math.max(LEAST_BYTES, Math.round(bytes * this.#share))),
    };
  }

  /** A batch of this size went, in so long. One that was not full says nothing of larger ones. */
  went({ marbles, bytes }: LiftLimits, ms: number): void {
    const limits = this.limits;
    this.#quickestMs = this.#isLeast ? ms : Math.min(this.#quickestMs, ms);
    const target = Math.max(TARGET_MS, TIMES_QUICKEST * this.#quickestMs);
    const isFull = marbles >= limits.marbles || bytes >= limits.bytes;
    if (ms > target) this.#scale(Math.max(0.1, target / ms));
    else if (isFull && ms < target / 2) this.#scale(2);
  }

  /** It did not go. */
  failed(): void {
    this.#scale(0.5);
  }

  get #isLeast(): boolean {
    return this.#share === this.#leastShare;
  }

  get #leastShare(): number {
    return Math.min(1, LEAST_BYTES / this.most.bytes);
  }

  #scale(factor: number): void {
    this.#share = Math.min(1, Math.max(this.#leastShare, this.#share * factor));
  }
}
