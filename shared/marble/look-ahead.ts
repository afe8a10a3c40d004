/**
 * Takes the next marble of a loop together with the finish of the one before, so that `wait` hands it out without a round
 * trip.
 *
 * It does so once the loop has shown that it waits as soon as it has finished. What was taken ahead goes back, as if it
 * had not been taken, where the loop waits for other queues or does not wait soon. What may go wrong: the process dies
 * meanwhile. Redis does not see which marble was handed out, so a crash is charged to none unless its beginning was noted
 * (`begins`).
 */
import type { Held, SwapRequest } from '../communicator/hold/held.js';
import type { Holding } from '../communicator/hold/holding.js';
import type { HolderSession } from './holder-session.js';
import type { ResolvedOptions } from './options.js';

/** The time between a finish and the next wait that counts as at once, and how often it must have been so. */
const AT_ONCE_MS = 10;
const OFTEN = 3;
/** The time for which a marble that was taken ahead waits. */
const MOST_MS = 50;

type Ahead = Pick<SwapRequest, 'sources' | 'want' | 'isAhead'>;

const NOTHING: Ahead = Object.freeze({});

export class LookAhead {
  #atOnce = 0;
  #finishedAt = -Infinity;
  #queues: readonly string[] = [];
  #held: Held | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** A finish under way that may take a marble. */
  #coming: Promise<unknown> | undefined;

  constructor(
    private readonly session: HolderSession,
    private readonly options: ResolvedOptions,
  ) {}

  /** Finishes a marble by `swap`, which is given what to take beside; keeps what that takes. */
  async finishing<T extends { readonly taken: readonly Held[] }>(swap: (ahead: Ahead) => Promise<T>): Promise<T> {
    // A limit by the holder begins with the take, so nothing may be taken ahead.
    const isOn = this.#atOnce >= OFTEN && this.options.timeLimitMs === 0 && !this.#held;
    const asked = swap(isOn ? { sources: this.#queues, want: 1, isAhead: true } : NOTHING);
    const coming = asked.catch(() => undefined);
    this.#coming = coming;
    const outcome = await asked;
    if (this.#coming === coming) this.#coming = undefined;
    this.#finishedAt = performance.now();
    const [held, ...others] = outcome.taken;
    if (held) this.#keep(held);
    if (others.length > 0) await this.session.release(others.reverse());
    return outcome;
  }

  /** Returns what was taken ahead for a wait for these queues. Gives it back where it is for others. */
  async next(queues: readonly string[]): Promise<Held | undefined> {
    if (this.#coming) await this.#coming;
    const isSame = queues.length === this.#queues.length && queues.every((queue, i) => queue === this.#queues[i]);
    this.#atOnce = isSame && performance.now() - this.#finishedAt < AT_ONCE_MS ? this.#atOnce + 1 : 0;
    this.#finishedAt = -Infinity;
    this.#queues = queues;
    const held = this.#putDown();
    if (held && !isSame) await this.session.release([held]);
    return isSame ? held : undefined;
  }

  /**
   * Notes that work on a marble begins. False where it must not: the marble is not ours any more, or may be given back
   * while this process is blocked.
   */
  begins(held: Held): boolean | Promise<boolean> {
    const { holder } = held;
    if (!holder) return true;
    if (!holder.progress.begin(held.seq)) return this.session.release([held]).then(() => false);
    const { suspicion, timeLimitMs, maxAttempts = this.options.maxAttempts } = held.envelope;
    const isCharged = suspicion !== undefined || maxAttempts === 1;
    if (!holder.takesAhead || (!isCharged && timeLimitMs === undefined)) return true;
    const beginning = { held, timeLimitMs, charge: isCharged ? 'alone' : undefined } as const;
    return holder.begin([beginning]).then((gone) => gone.size === 0);
  }

  /** Forgets what a holder had that was given up. */
  lost(holding: Holding): void {
    if (this.#held?.holder === holding) this.#putDown();
  }

  /** Forgets what was taken ahead: the session gives it back. */
  close(): void {
    this.#putDown();
  }

  #keep(held: Held): void {
    this.#held = held;
    // What fails here fails again, and is told, with the next command.
    this.#timer = setTimeout(() => void this.#giveUp().catch(() => undefined), MOST_MS);
  }

  async #giveUp(): Promise<void> {
    this.#atOnce = 0;
    const held = this.#putDown();
    if (held) await this.session.release([held]);
  }

  #putDown(): Held | undefined {
    const held = this.#held;
    clearTimeout(this.#timer);
    this.#held = undefined;
    return held;
  }
}
