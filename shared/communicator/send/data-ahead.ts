/**
 * Sets large data before it is the turn of their marbles. Redis takes them in while others are encoded, and while a
 * command of the sender is under way.
 *
 * Nothing depends on it. The script that sends the marbles looks whether their data are there, and what is not there is
 * set again. What may go wrong: a client dies after that, and the data go by themselves.
 */
import { MOST_WRITTEN, setAhead } from '../data/large-data.js';
import type { LargeOutput } from '../data/set-data.js';
import type { RunKeys } from '../redis/keys.js';
import type { Replicated } from '../redis/replicas.js';
import { MOST_BYTES, type Output } from './outputs.js';

export class DataAhead {
  /** The bytes that are set for marbles whose command has not begun: about as many as a command takes. */
  #aheadBytes = 0;
  /** Data that do not fill a write yet. */
  #gathered: LargeOutput[] = [];
  #gatheredBytes = 0;
  /** True where some that wait were too much. */
  #leavesSome = false;

  constructor(
    private readonly connection: Replicated,
    private readonly keys: RunKeys,
  ) {}

  /** Sets data of a marble that waits from now on. Returns false where too much is set already. */
  add(large: LargeOutput): boolean {
    if (large.isAhead || this.#gathered.includes(large)) return true;
    if (this.#aheadBytes >= MOST_BYTES) {
      this.#leavesSome = true;
      return false;
    }
    this.#gathered.push(large);
    this.#gatheredBytes += large.bytes;
    if (this.#gatheredBytes >= MOST_WRITTEN) this.#write();
    return true;
  }

  /** Sets what `add` left out, as far as there is room now: a command has begun. */
  goOn(waiting: readonly Output[]): void {
    if (!this.#leavesSome) return;
    this.#leavesSome = false;
    for (const { large } of waiting) if (large && !this.add(large)) return;
  }

  /** Returns which of the data are yet to be set. The command that sends their marbles begins. */
  unset(all: readonly LargeOutput[]): LargeOutput[] {
    const unset: LargeOutput[] = [];
    for (const large of all) {
      if (large.isAhead) this.#aheadBytes -= large.bytes;
      else unset.push(large);
      large.isAhead = false;
    }
    this.#gathered = this.#gathered.filter((large) => !unset.includes(large));
    this.#gatheredBytes = this.#gathered.reduce((sum, { bytes }) => sum + bytes, 0);
    return unset;
  }

  #write(): void {
    const all = this.#gathered;
    const isWritten = this.connection.tryNow((redis) => setAhead(redis, this.keys, all));
    this.#gathered = [];
    this.#gatheredBytes = 0;
    if (!isWritten) return;
    for (const large of all) {
      large.isAhead = true;
      this.#aheadBytes += large.bytes;
    }
  }
}
