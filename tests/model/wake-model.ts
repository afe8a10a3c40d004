/**
 * Wake-ups as they should be: which queues are watched, and beside which of them a wake-up lies.
 *
 * The promise: a marble that lies in a watched queue has a wake-up that somebody will get, or somebody was woken for it and
 * has not looked yet, unless that wake-up was lost. A lost one is there again after the next look.
 */
import assert from 'node:assert/strict';

export class WakesModel {
  readonly watched = new Set<string>();
  /** Queues beside which a wake-up lies. */
  readonly there = new Set<string>();
  /** Queues whose wake-up was lost with whoever got it. */
  readonly lost = new Set<string>();

  constructor(private readonly isEmpty: (queue: string) => boolean) {}

  /** Notes that a queue stops being empty. */
  awakens(queue: string): void {
    if (this.watched.has(queue)) this.there.add(queue);
  }

  /** Looks at these queues before a wait, or for somebody else. */
  look(queues: Iterable<string>): void {
    for (const queue of queues) {
      this.lost.delete(queue);
      if (this.isEmpty(queue)) this.there.delete(queue);
      else this.there.add(queue);
    }
  }

  /** Waits for these queues. Returns the one of the wake-up that was there. */
  listen(queues: readonly string[]): string | undefined {
    for (const queue of queues) this.watched.add(queue);
    this.look(queues);
    const queue = queues.find((one) => this.there.has(one));
    if (queue !== undefined) this.there.delete(queue);
    return queue;
  }

  /** Throws where nobody will look at a marble. `woken`: queues that somebody was woken for and has not looked at. */
  check(woken: readonly (string | undefined)[]): void {
    for (const queue of this.watched) {
      const isTold = this.there.has(queue) || this.lost.has(queue) || woken.includes(queue);
      assert.ok(this.isEmpty(queue) || isTold, `nobody will look at queue ${queue}`);
    }
  }
}
