/**
 * Decides how large a transit may be, by the time that the latest ones took. Over a slow link smaller transits go. So none
 * is under way for long, urgent marbles wait for little, and the end of an Elevator repeats little.
 *
 * What it may get wrong: it takes any slowness for slowness of the link. Then it is too careful for some transits, and
 * grows again.
 */
import type { LiftLimits } from 'marblerun/communicator';

/**
 * The longest time that a transit should take. Where the trip alone takes long, which no size shortens, it is a multiple
 * of the trip.
 */
const TARGET_MS = { least: 1000, trips: 3, most: 5000 } as const;
/** The size of the first transit, and the smallest size. */
const FIRST_BYTES = 65_536;
const LEAST_BYTES = 4096;
const LEAST_MARBLES = 10;
/**
 * Ratios of sizes. Sizes that differ by more than the first tell how long the trip is; those that differ by less than
 * the second count as equal.
 */
const [UNLIKE, ALIKE] = [1.3, 1.05];

export class Pace {
  /** The size of a transit, as a share of the limits. */
  #share: number;
  /** The time that an empty transit would take. It is unknown until two transits of unlike sizes went. */
  #tripMs: number | undefined;
  /** A transit of another size, by which the trip is measured. */
  #other: { readonly bytes: number; readonly ms: number } | undefined;

  constructor(private readonly most: LiftLimits) {
    this.#share = Math.min(1, FIRST_BYTES / most.bytes);
  }

  /** The limits of the next transit. */
  get limits(): LiftLimits {
    const { marbles, bytes } = this.most;
    return {
      marbles: Math.min(marbles, Math.max(LEAST_MARBLES, Math.round(marbles * this.#share))),
      bytes: Math.min(bytes, Math.max(LEAST_BYTES, Math.round(bytes * this.#share))),
    };
  }

  /** Notes that a transit of this size went in this time. One that was not full says nothing about larger ones. */
  went({ marbles, bytes }: LiftLimits, ms: number): void {
    this.#measureTrip(bytes, ms);
    const { limits } = this;
    const isFull = marbles >= limits.marbles || bytes >= limits.bytes;
    const { least, trips, most } = TARGET_MS;
    const target = Math.min(most, Math.max(least, trips * (this.#tripMs ?? 0)));
    if (ms > target) this.#scale(Math.max(0.1, target / ms));
    else if (isFull) this.#scale(Math.min(2, Math.max(target / ms, this.#tripMs === undefined ? UNLIKE : 1)));
  }

  /** Notes that a transit did not go. */
  failed(): void {
    this.#scale(0.5);
  }

  /** Compares two transits of unlike sizes. This gives the time that a byte takes; the rest of the time is the trip. */
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
