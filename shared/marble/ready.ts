/**
 * Marbles that a worker has taken and not begun, in order.
 */
import type { HeldInHandler } from './held-in-handler.js';

/** The number of places without a marble at which they are removed. More than are ready at a time, as a rule. */
const MOST_GONE = 1024;

export class Ready {
  /** The marbles; before `#next` are the places of those that are gone. */
  #marbles: (HeldInHandler | undefined)[] = [];
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

  /** Removes the first. With a backlog there is always another one: the places of those that are gone go too. */
  removeFirst(): void {
    this.#marbles[this.#next++] = undefined;
    if (this.#next < MOST_GONE && this.#next < this.#marbles.length) return;
    this.#marbles = this.#marbles.slice(this.#next);
    this.#next = 0;
  }

  has(marble: HeldInHandler): boolean {
    return this.#marbles.indexOf(marble, this.#next) >= 0;
  }

  /** Returns the first marbles up to `most`, for as long as they pass. */
  firstWhile(pass: (marble: HeldInHandler) => boolean, most: number): HeldInHandler[] {
    const found: HeldInHandler[] = [];
    for (let i = this.#next; i < this.#marbles.length && found.length < most; i++) {
      if (!pass(this.#marbles[i]!)) break;
      found.push(this.#marbles[i]!);
    }
    return found;
  }

  /** Removes some marbles and returns them. */
  remove(some: (marble: HeldInHandler) => boolean): HeldInHandler[] {
    const [kept, removed]: [HeldInHandler[], HeldInHandler[]] = [[], []];
    for (const marble of this.#marbles.slice(this.#next)) (some(marble!) ? removed : kept).push(marble!);
    this.#marbles = kept;
    this.#next = 0;
    return removed;
  }
}
