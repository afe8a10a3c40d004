/**
 * The log lines of loops that fail: one line for one trouble, and one when it is over, however many loops meet it.
 *
 * When Redis is away, all loops fail for that one reason, again and again. Two messages are the same trouble when they
 * are equal up to their brackets: text in brackets, such as the state of a connection, changes while the trouble goes
 * on.
 */
import type { Logger } from './logger.js';

interface Trouble {
  readonly since: number;
  /** The loops that have met it, and those that are still in it. */
  readonly met: Set<string>;
  readonly still: Set<object>;
  tries: number;
}

export class Troubles {
  readonly #all = new Map<string, Trouble>();

  constructor(private readonly log: Logger) {}

  failed(loop: { readonly name: string }, error: Error): void {
    const what = error.message.replace(/ \(.*/s, '');
    this.#leave(loop, what);
    const trouble = this.#all.get(what) ?? { since: Date.now(), met: new Set(), still: new Set(), tries: 0 };
    if (trouble.tries === 0) this.log.warn({ loop: loop.name, err: error }, 'failed; tries again');
    else this.log.debug({ loop: loop.name }, 'failed for the same reason');
    trouble.tries++;
    trouble.met.add(loop.name);
    trouble.still.add(loop);
    this.#all.set(what, trouble);
  }

  succeeded(loop: object): void {
    this.#leave(loop);
  }

  #leave(loop: object, stillIn?: string): void {
    for (const [what, { since, met, still, tries }] of this.#all) {
      if (what === stillIn || !still.delete(loop) || still.size > 0) continue;
      this.#all.delete(what);
      this.log.info({ trouble: what, loops: [...met], tries, forMs: Date.now() - since }, 'works again');
    }
  }
}
