/**
 * Marbles that a worker has taken and not begun, in their order.
 */
import type { HeldMarble } from './held-marble.js';

export class Ready {
  /** From `#next` on. */
  #marbles: HeldMarble[] = [];
  #next = 0;

  get size(): number {
    return this.#marbles.length - this.#next;
  }

  get first(): HeldMarble | undefined {
    return this.#marbles[this.#next];
  }

  add(marble: HeldMarble): void {
    this.#marbles.push(marble);
  }

  removeFirst(): void {
    if (++this.#next < this.#marbles.length) return;
    this.#marbles = [];
    this.#next = 0;
  }

  has(marble: HeldMarble): boolean {
    return this.#marbles.indexOf(marble, this.#next) >= 0;
  }

  /** The first ones, as long as they pass, up to `most`. */
  firstWhile(pass: (marble: HeldMarble) => boolean, most: number): HeldMarble[] {
    const found: HeldMarble[] = [];
    for (let i = this.#next; i < this.#marbles.length && found.length < most; i++) {
      if (!pass(this.#marbles[i]!)) break;
      found.push(this.#marbles[i]!);
    }
    return found;
  }

  /** Returns what it removes. */
  remove(some: (marble: HeldMarble) => boolean): HeldMarble[] {
    const [kept, removed]: [HeldMarble[], HeldMarble[]] = [[], []];
    for (const marble of this.#marbles.slice(this.#next)) (some(marble) ? removed : kept).push(marble);
    this.#marbles = kept;
    this.#next = 0;
    return removed;
  }
}
