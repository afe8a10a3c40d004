/**
 * Takes the next marble of a loop together with the finish of the one before, so that `wait` hands it out without a round
 * trip.
 *
 * It does so once the loop has shown that it waits as soon as it has finished. What was taken ahead goes back, as if it
 * had not been taken, where the loop waits for other queues or does not wait soon. What may go wrong: the process dies
 * meanwhile. Redis does not see which marble was handed out, so a crash is charged to none unless its beginning was noted
 * (`begins`).
 */
import type { Beginning, Held, SwapRequest } from '../communicator/hold/held.js';
import type { Holding } from '../communicator/hold/holding.js';
import type { HolderSession } from './holder-session.js';
import type { ResolvedOptions } from './options.js';

/** The time between a finish and the next wait that counts as at once, and how often it must have been so. */
const AT_ONCE_MS = 10;
const OFTEN = 3;
/** The time for which a marble that was taken ahead waits. */
const MOST_MS = 50;

/** The part of a request by which a finish takes the next one too. */
type Ahead = Pick<SwapRequest, 'sources' | 'want' | 'isAhead'>;

const NOTHING: Ahead = Object.freeze({ sources: undefined, want: undefined, isAhead: undefined });

export class LookAhead {
  #atOnce = 0;
  #finishedAt = -Infinity;
  #queues: readonly string[] = [];
  #held: Held | undefined;
  #keptAt = 0;
  /** Looks after some time whether what was taken ahead still waits. A busy loop has one look for many marbles. */
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
    this.#coming = asked;
    const outcome = await asked;
    if (this.#coming === asked) this.#coming = undefined;
    this.#finishedAt = performance.now();
    const { taken } = outcome;
    if (taken.length > 0) this.#keep(taken[0]!);
    if (taken.length > 1) await this.session.release(taken.slice(1).reverse());
    return outcome;
  }

  /**
   * Returns what was taken ahead where it is for these queues and work on it may begin at once: there is nothing to ask, to
   * read or to note before. Otherwise `next` decides.
   */
  atOnce(queues: readonly string[]): Held | undefined {
    const held = this.#held;
    if (!held || this.#coming || !this.#isFor(queues)) return undefined;
    const { member, large } = held.envelope;
    if (member !== undefined || large || this.#toNote(held) || !held.holder!.progress.begin(held.seq)) return undefined;
    this.#noteWait(true);
    return this.#putDown();
  }

  /** Returns what was taken ahead for a wait for these queues. Gives it back where it is for others. */
  async next(queues: readonly string[]): Promise<Held | undefined> {
    if (this.#coming) await this.#coming.catch(() => undefined);
    const isSame = this.#isFor(queues);
    this.#noteWait(isSame);
    this.#queues = queues;
    const held = this.#putDown();
    if (held && !isSame) await this.session.release([held]);
    return isSame ? held : undefined;
  }

  #isFor(queues: readonly string[]): boolean {
    return queues.length === this.#queues.length && queues.every((queue, i) => queue === this.#queues[i]);
  }

  /** Notes that the loop waits, and whether it does so as soon as it has finished. */
  #noteWait(isSame: boolean): void {
    this.#atOnce = isSame && performance.now() - this.#finishedAt < AT_ONCE_MS ? this.#atOnce + 1 : 0;
    this.#finishedAt = -Infinity;
  }

  /**
   * Notes that work on a marble begins. False where it must not: the marble is not ours any more, or may be given back
   * while this process is blocked.
   */
  begins(held: Held): boolean | Promise<boolean> {
    const { holder } = held;
    if (!holder) return true;
    if (!holder.progress.begin(held.seq)) return this.session.release([held]).then(() => false);
    const beginning = this.#toNote(held);
    return beginning ? holder.begin([beginning]).then((gone) => gone.size === 0) : true;
  }

  /** Returns what Redis must note before work on this one begins; undefined for nothing. */
  #toNote(held: Held): Beginning | undefined {
    const { suspicion, timeLimitMs, maxAttempts = this.options.maxAttempts } = held.envelope;
    const isCharged = suspicion !== undefined || maxAttempts === 1;
    if (!held.holder?.takesAhead || (!isCharged && timeLimitMs === undefined)) return undefined;
    return { held, timeLimitMs, charge: isCharged ? 'alone' : undefined };
  }

  /** Forgets what a holder had that was given up. */
  lost(holding: Holding): void {
    if (this.#held?.holder === holding) this.#putDown();
  }

  /** Forgets what was taken ahead: the session gives it back. */
  close(): void {
    this.#putDown();
    clearTimeout(this.#timer);
  }

  #keep(held: Held): void {
    this.#held = held;
    this.#keptAt = performance.now();
    this.#timer ??= setTimeout(this.#look, MOST_MS);
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    if (!this.#held) return;
    const leftMs = this.#keptAt + MOST_MS - performance.now();
    if (leftMs > 0) this.#timer = setTimeout(this.#look, leftMs);
    else void this.#giveUp().catch(() => undefined); // what fails here fails again, and is told, with the next command
  };

  async #giveUp(): Promise<void> {
    this.#atOnce = 0;
    const held = this.#putDown();
    if (held) await this.session.release([held]);
  }

  #putDown(): Held | undefined {
    const held = this.#held;
    this.#held = undefined;
    return held;
  }
}
