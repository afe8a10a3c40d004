/**
 * How large a batch may be, by how long the last ones took: over a slow link smaller ones go, so that none is under way
 * for long, what is urgent waits for little, and an end of the Elevator repeats little.
 *
 * What it may get wrong: it takes slowness for that of the link, whatever it comes from; it is then too careful for some
 * batches, and grows again.
 */
import type { LiftLimits } from 'marblerun/communicator';

/** The time that a batch should take at the most; where the trip alone takes long, which no size makes shorter, so many trips. */
const TARGET_MS = { least: 1000, trips: 3, most: 5000 } as const;
/** The first is of this size, and none is made smaller than the least. */
const FIRST_BYTES = 65_536;
const LEAST_BYTES = 4096;
const LEAST_MARBLES = 10;
/** Sizes that differ by so much tell of the trip; those that differ by less than the second are one size. */
const [UNLIKE, ALIKE] = [1.3, 1.05];

export class Pace {
  /** The size of a batch, as a share of the limits. */
  #share: number;
  /** The time that an empty batch would take; not known before two of unlike sizes went. */
  #tripMs: number | undefined;
  /** Another size, to measure the trip by. */
  #other: { readonly bytes: number; readonly ms: number } | undefined;

  constructor(private readonly most: LiftLimits) {
    this.#share = Math.min(1, FIRST_BYTES / most.bytes);
  }

  /** Limits of the next batch. */
  get limits(): LiftLimits {
    const { marbles, bytes } = this.most;
    return {
      marbles: Math.min(marbles, Math.max(LEAST_MARBLES, Math.round(marbles * this.#share))),
      bytes: Math.min(bytes, Math.max(LEAST_BYTES, Math.round(bytes * this.#share))),
    };
  }

  /** A batch of this size went, in so long. One that was not full says nothing of larger ones. */
  went({ marbles, bytes }: LiftLimits, ms: number): void {
    this.#measureTrip(bytes, ms);
    const { limits } = this;
    const isFull = marbles >= limits.marbles || bytes >= limits.bytes;
    const { least, trips, most } = TARGET_MS;
    const target = Math.min(most, Math.max(least, trips * (this.#tripMs ?? 0)));
    if (ms > target) this.#scale(Math.max(0.1, target / ms));
    else if (isFull) this.#scale(Math.min(2, Math.max(target / ms, this.#tripMs === undefined ? UNLIKE : 1)));
  }

  /** It did not go. */
  failed(): void {
    this.#scale(0.5);
  }

  /** Compares two batches of unlike sizes: the time that a byte takes, and so the rest, which is the trip. */
  #measureTrip(bytes: number, ms: number): void {
    const other = this.#other ?? { bytes, ms };
    const ratio = Math.max(bytes / other.bytes, other.bytes / bytes);
    if (ratio >= UNLIKE) {
      const msPerByte = Math.max(0, (ms - other.ms) / (bytes - other.bytes));
      this.#tripMs = Math.max(0, ms - msPerByte * bytes);
    }
    if (ratio >= UNLIKE || ratio < ALIKE) this.#other = { bytes, ms };
  }

  #scale(factor: number): void {
    const least = Math.min(1, LEAST_BYTES / this.most.bytes);
    this.#share = Math.min(1, Math.max(least, this.#share * factor));
  }
}
