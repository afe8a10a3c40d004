/**
 * Marbles that a worker has taken and not begun, in order.
 */
import type { HeldMarble } from './held-marble.js';

export class Ready {
  /** The marbles; those before `#next` are already gone. */
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

  /** Returns the first marbles up to `most`, for as long as they pass. */
  firstWhile(pass: (marble: HeldMarble) => boolean, most: number): HeldMarble[] {
    const found: HeldMarble[] = [];
    for (let i = this.#next; i < this.#marbles.length && found.length < most; i++) {
      if (!pass(this.#marbles[i]!)) break;
      found.push(this.#marbles[i]!);
    }
    return found;
  }

  /** Removes some marbles and returns them. */
  remove(some: (marble: HeldMarble) => boolean): HeldMarble[] {
    const [kept, removed]: [HeldMarble[], HeldMarble[]] = [[], []];
    for (const marble of this.#marbles.slice(this.#next)) (some(marble) ? removed : kept).push(marble);
    this.#marbles = kept;
    this.#next = 0;
    return removed;
  }
}
