/**
 * Marbles that a worker has taken and not begun, in their order.
 */
import type { HeldInHandler } from './held-in-handler.js';

export class Ready {
  /** From `#next` on. */
  #marbles: HeldInHandler[] = [];
  #next = 0;

  get size(): number {
    return this.#marbles.length - this.#next;
  }

  get first(): HeldInHandler | undefined {
    return this.#marbles[this.#next];
  }

  add(marble: HeldInHandler): void {
    this.#marbles.push(marble);
  }

  removeFirst(): void {
    if (++this.#next < this.#marbles.length) return;
    this.#marbles = [];
    this.#next = 0;
  }

  has(marble: HeldInHandler): boolean {
    return this.#marbles.indexOf(marble, this.#next) >= 0;
  }

  /** The first ones, as long as they pass, up to `most`. */
  firstWhile(pass: (marble: HeldInHandler) => boolean, most: number): HeldInHandler[] {
    const found: HeldInHandler[] = [];
    for (let i = this.#next; i < this.#marbles.length && found.length < most; i++) {
      if (!pass(this.#marbles[i]!)) break;
      found.push(this.#marbles[i]!);
    }
    return found;
  }

  /** Returns what it removes. */
  remove(some: (marble: HeldInHandler) => boolean): HeldInHandler[] {
    const [kept, removed]: [HeldInHandler[], HeldInHandler[]] = [[], []];
    for (const marble of this.#marbles.slice(this.#next)) (some(marble) ? removed : kept).push(marble);
    this.#marbles = kept;
    this.#next = 0;
    return removed;
  }
}
