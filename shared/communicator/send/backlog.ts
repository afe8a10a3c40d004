/**
 * Knows whether others wait in the queue that a sender sends to. One that found others there for some time may call the
 * script that counts on that. What may go wrong: they have been taken meanwhile. The script does nothing then, and the
 * send takes a second round trip.
 */

/** So many sends in a row must have found others waiting: at the most one of so many takes a second round trip. */
const CERTAIN_AFTER = 16;

export class Backlog {
  #queue = '';
  #sends = 0;

  /** True where the queue has had a backlog with each of the latest sends, all of them to it. */
  isIn(queue: string): boolean {
    return this.#sends >= CERTAIN_AFTER && queue === this.#queue;
  }

  /** Notes whether a send found others waiting. */
  note(queue: string, found: boolean): void {
    this.#sends = !found ? 0 : queue === this.#queue ? this.#sends + 1 : 1;
    this.#queue = queue;
  }
}
