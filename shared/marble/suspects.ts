/**
 * Notes in Redis that work on certain marbles begins, before it does. These marbles are those with a time limit of
 * their own, those that may be delivered only once, and suspects, which were in hand when a worker died
 * (lua/lib/attempts.lua).
 *
 * A marble that is suspected for the first time is worked on among others, and one that is suspected for the second
 * time alone. So a marble that ends its worker is alone after two crashes, and from then on only it is charged. All
 * other marbles begin at once and cost nothing. What may go wrong: Redis refuses the note. Then the worker is told
 * (`trouble`), since its next command would be refused too.
 */
import type { Beginning } from '../communicator/hold/held.js';
import type { HeldInHandler } from './held-in-handler.js';
import { graceMs } from './prefetch.js';
import type { Ready } from './ready.js';
import { enterSolitude, leaveSolitude } from './solitude.js';

export class Suspects {
  trouble: Error | undefined;
  readonly #noted = new WeakSet<HeldInHandler>();
  #noting = false;
  #alone: HeldInHandler | undefined;

  /** Takes `again`, which is called when a marble that had to wait may begin. */
  constructor(
    private readonly ready: Ready,
    private readonly maxAttempts: number,
    private readonly concurrency: number,
    private readonly again: () => void,
  ) {}

  /** True while a marble is worked on alone, or waits for that: then no other may be taken. */
  get keepsOthersOut(): boolean {
    const { first } = this.ready;
    return this.#alone !== undefined || (first !== undefined && this.#wantsSolitude(first));
  }

  /** Returns true for a marble that waits until it may be worked on alone. */
  waits(marble: HeldInHandler): boolean {
    return this.#wantsSolitude(marble) && marble === this.ready.first;
  }

  /** Returns true where `marble`, the first that is ready, may begin now. Otherwise `again` tells when. */
  mayBegin(marble: HeldInHandler, running: number): boolean {
    if (this.#noting || this.#alone) return false;
    if (!this.#mustBeNoted(marble)) return true;
    if (this.#noted.has(marble)) {
      if (this.#wantsSolitude(marble)) this.#alone = marble;
      return true;
    }
    if (!this.#wantsSolitude(marble)) {
      const group = (one: HeldInHandler) => this.#mustBeNoted(one) && !this.#wantsSolitude(one);
      void this.#note(this.ready.firstWhile(group, this.concurrency - running));
    } else if (running === 0 && enterSolitude(this, this.again)) void this.#note([marble]);
    return false;
  }

  /** Notes that work on a marble has ended. */
  over(marble: HeldInHandler): void {
    if (marble !== this.#alone) return;
    this.#alone = undefined;
    leaveSolitude(this);
  }

  /** Lets nothing begin any more. */
  leave(): void {
    if (!this.#alone) leaveSolitude(this);
  }

  async #note(marbles: readonly HeldInHandler[]): Promise<void> {
    this.#noting = true;
    try {
      const gone = await marbles[0]!.holder.begin(marbles.map((marble) => this.#beginning(marble)));
      for (const marble of marbles) this.#noted.add(marble);
      if (gone.size > 0) this.ready.remove(({ held }) => gone.has(held));
    } catch (error) {
      this.trouble = error as Error;
    }
    this.#noting = false;
    if (!this.ready.first || !this.#wantsSolitude(this.ready.first)) leaveSolitude(this);
    this.again();
  }

  #beginning(marble: HeldInHandler): Beginning {
    const { held } = marble;
    const { timeLimitMs, suspicion } = held.envelope;
    const isCharged = this.#wantsSolitude(marble) || this.#isOnly(marble);
    return {
      held,
      timeLimitMs: timeLimitMs && timeLimitMs + graceMs(timeLimitMs),
      charge: isCharged ? 'alone' : suspicion ? 'among others' : undefined,
    };
  }

  #mustBeNoted(marble: HeldInHandler): boolean {
    const { suspicion, timeLimitMs } = marble.held.envelope;
    return suspicion !== undefined || timeLimitMs !== undefined || this.#isOnly(marble);
  }

  #wantsSolitude({ held: { envelope } }: HeldInHandler): boolean {
    const { suspicion = 0 } = envelope;
    return suspicion > 1 || (suspicion === 1 && this.concurrency === 1);
  }

  /**
   * True for a marble that may be delivered only once: a crash must be charged to it, or it would be delivered again.
   */
  #isOnly({ held: { envelope } }: HeldInHandler): boolean {
    return (envelope.maxAttempts ?? this.maxAttempts) === 1;
  }
}
