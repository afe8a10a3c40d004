/**
 * Waits on several queues for one client: for a wake-up, after which it looks at all of them itself.
 *
 * Whoever was woken answers for that wake-up. If it finds nothing in any queue, nothing is left of it. Otherwise it passes
 * the wake-up on, so that the next who waits comes to work on what is more than this client takes. What may go wrong: it
 * dies before that. The next look at the queues makes that good (`communicator/hold/listener.ts`).
 */
import type { Communicator } from '../communicator/communicator.js';
import type { Listening } from '../communicator/hold/listener.js';
import type { ResolvedOptions } from './options.js';

/** Shares in listeners that a client keeps, for loops that wait for different queues in turn. */
const MOST_KEPT = 4;

export class SeveralQueues {
  /** Shares by their queues, the one used last at the end. */
  readonly #kept = new Map<string, Listening>();
  #current: Listening | undefined;
  #woken: string | undefined;
  /** True where nobody has looked into that queue yet. */
  #isFresh = false;
  #passing: Promise<void> | undefined;
  #isAllowed = false;
  #ends = 0;

  constructor(
    private readonly communicator: Communicator,
    private readonly options: ResolvedOptions,
  ) {}

  /** Waits until marbles may lie in one of these queues, `mostMs` are over, or `end` was called. */
  async wait(queues: readonly string[], mostMs: number): Promise<undefined> {
    const ends = this.#ends;
    if (!this.#isAllowed) await this.communicator.mustBeAllowed('listen');
    this.#isAllowed = true;
    if (this.#ends !== ends) return;
    this.#current = this.#listening([...new Set(queues)].sort());
    try {
      this.#woken = await this.#current.wait(mostMs);
      this.#isFresh = true;
    } finally {
      this.#current = undefined;
    }
  }

  /** Returns the queue of a wake-up to the first who asks for it. */
  takeWoken(): string | undefined {
    if (!this.#isFresh) return undefined;
    this.#isFresh = false;
    return this.#woken;
  }

  /** Ends a wait that is under way. */
  end(): void {
    this.#ends++;
    this.#current?.end();
  }

  /** Notes that all queues were found empty. */
  settle(): void {
    this.#woken = undefined;
  }

  /** Passes the wake-up on, if there is one. */
  passOn(): void {
    const queue = this.#woken;
    if (queue === undefined) return;
    this.#woken = undefined;
    // What fails here is lost like any wake-up, and whatever kept it from Redis is told by the next command.
    this.#passing = this.communicator.holders.passOn(queue).catch(() => undefined);
  }

  /** Gives up all shares. There is no wait after this. */
  async leave(): Promise<void> {
    this.end();
    this.passOn();
    await Promise.all([this.#passing, ...[...this.#kept.values()].map((one) => one.leave())]);
  }

  #listening(queues: readonly string[]): Listening {
    const key = queues.join(' '); // no queue has a space in its name
    const listening = this.#kept.get(key) ?? this.communicator.holders.listening(queues, this.#pollMs);
    this.#kept.delete(key);
    this.#kept.set(key, listening);
    const [oldest] = this.#kept;
    if (this.#kept.size > MOST_KEPT && oldest) {
      this.#kept.delete(oldest[0]);
      void oldest[1].leave().catch(() => undefined); // its connection ends in any case
    }
    return listening;
  }

  get #pollMs(): number {
    return Math.min(this.options.pollMs, this.options.blockMs);
  }
}

/** True where a wait is for more than one queue. */
export function areSeveral(queues: readonly string[]): boolean {
  return new Set(queues).size > 1;
}
