/**
 * Takes one marble for the loop form: one that waits already, or the next that comes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Communicator } from '../communicator/communicator.js';
import type { Connection } from '../communicator/redis/connection.js';
import { Held } from '../communicator/hold/held.js';
import { hasEnded } from '../communicator/hold/load-held.js';
import { MarbleRunError, isMarbleRunError } from '../errors.js';
import type { Cancels } from './cancels.js';
import { decodeData } from './codec.js';
import type { HolderSession } from './holder-session.js';
import type { LookAhead } from './look-ahead.js';
import type { ResolvedOptions } from './options.js';
import { SeveralQueues, areSeveral } from './several-queues.js';

export interface TakeRequest {
  /** The time to wait; 0: do not wait. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** The marble that was in hand and was not finished. */
  readonly abandoned: Held | undefined;
  readonly closed: () => boolean;
}

/** The parts of a loop whose marbles have leases. */
export interface Leased {
  readonly session: HolderSession;
  readonly ahead: LookAhead;
}

export class Taker {
  #waiting: Connection | undefined;
  /** True while the bus is asked for an unmonitored marble, by a command that waits. */
  #isBlocked = false;
  readonly #several: SeveralQueues;

  /** Takes a lease, or none for unmonitored marbles. */
  constructor(
    private readonly communicator: Communicator,
    private readonly leased: Leased | undefined,
    private readonly cancels: Cancels,
    private readonly options: ResolvedOptions,
  ) {
    this.#several = new SeveralQueues(communicator, options);
  }

  /**
   * Takes the next marble. Returns undefined when the time is over. Throws the signal's reason, or MR_CLOSED; then
   * nothing is taken.
   */
  async take(queues: string[], request: TakeRequest): Promise<Held | undefined> {
    const { signal, timeoutMs } = request;
    const unblock = () => void this.unblock().catch(() => undefined);
    signal?.throwIfAborted();
    signal?.addEventListener('abort', unblock);
    try {
      const deadline = performance.now() + timeoutMs;
      let abandon = request.abandoned ? [request.abandoned] : [];
      for (;;) {
        const found = await this.#takeNext(queues, abandon);
        abandon = [];
        if (found && !(await this.#mayBegin(found))) continue;
        if (found) return await this.#unlessOver(found, request);
        const left = deadline - performance.now();
        if (left <= 0) return undefined;
        this.#throwIfOver(request);
        const came = await this.#block(queues, left);
        if (came && !(await this.#mayBegin(came))) continue;
        if (came) return await this.#unlessOver(came, request);
        this.#throwIfOver(request);
      }
    } finally {
      signal?.removeEventListener('abort', unblock);
    }
  }

  /** Takes one that waits. After a wake-up there may be more: it is passed on, unless nothing was found. */
  async #takeNext(queues: string[], abandon: Held[]): Promise<Held | undefined> {
    try {
      const found = await this.#takeWaiting(queues, abandon);
      if (!found) this.#several.settle();
      return found;
    } finally {
      this.#several.passOn();
    }
  }

  async #takeWaiting(queues: string[], abandon: Held[]): Promise<Held | undefined> {
    if (!this.leased) {
      const [popped] = await this.communicator.pop(queues);
      return popped && new Held(0, popped.queue, popped.envelope, undefined);
    }
    const { session, ahead } = this.leased;
    const next = abandon.length === 0 ? await ahead.next(queues) : undefined;
    if (next) return next;
    session.thaw();
    const woken = this.#several.takeWoken();
    const { taken } = await session.swap({ abandon, sources: queues, want: 1, waitOn: queues[0], woken });
    const [held, ...others] = taken;
    // There is more than one only when a marble came while the connection was cut: the others go back to the front.
    if (others.length > 0) await session.release(others.reverse());
    return held;
  }

  async #block(queues: string[], leftMs: number): Promise<Held | undefined> {
    if (areSeveral(queues)) return this.#several.wait(queues, leftMs);
    if (!this.leased) {
      const ms = Math.max(10, Math.min(leftMs, this.options.blockMs));
      this.#waiting ??= this.communicator.holders.waitingConnection(this.options.blockMs);
      return this.#popBlocking(this.#waiting, queues[0]!, ms);
    }
    const held = await this.leased.session.block(queues[0]!, leftMs);
    void held?.holder?.adopt().catch(() => undefined); // what fails here fails again, and is told, with finish
    return held;
  }

  async #popBlocking(waiting: Connection, queue: string, ms: number): Promise<Held | undefined> {
    this.#isBlocked = true;
    try {
      const popped = await this.communicator.holders.popBlocking(waiting, queue, ms);
      return popped && new Held(0, popped.queue, popped.envelope, undefined);
    } finally {
      this.#isBlocked = false;
    }
  }

  /**
   * Tells whether work on a marble may begin. Drops one whose batch is known to be cancelled: nobody works on such a
   * marble. Reads its large data before its time begins.
   */
  #mayBegin(held: Held): boolean | Promise<boolean> {
    if (!this.leased) return true;
    const { session, ahead } = this.leased;
    const { large } = held.envelope;
    this.cancels.watch([held]);
    if (this.cancels.has(held)) return session.giveBack([{ held, verdict: 'cancel', delayMs: 0 }]).then(() => false);
    return large ? this.#isLoaded(held).then((isThere) => isThere && ahead.begins(held)) : ahead.begins(held);
  }

  /** Reads the large data of a marble. Returns false where they are not there: the marble is dead, or with somebody else. */
  async #isLoaded(held: Held): Promise<boolean> {
    if (!held.holder) return true;
    try {
      await held.holder.load(held, (envelope) => decodeData(envelope, this.options.codec));
      return true;
    } catch (error) {
      if (!hasEnded(error)) throw error;
      if (isMarbleRunError(error, 'MR_DATA_MISSING'))
        process.emitWarning(`queue ${held.queue}: ${error.message}`, { type: 'MarbleRunWarning', code: 'MR_WORK' });
      return false;
    }
  }

  /** Breaks off a wait that is under way; `take` then decides whether to go on. */
  async unblock(): Promise<void> {
    this.#several.end();
    if (this.leased) return this.leased.session.unblock();
    while (this.#waiting && this.#isBlocked) {
      await this.communicator.holders.unblock(this.#waiting);
      await sleep(10); // the command may not have reached Redis yet: try again then
    }
  }

  /** Notes that the holder was given up: a wait ends, and the next swap enters another. */
  lost(): void {
    this.#several.end();
  }

  /** Ends the waits for good. */
  async close(): Promise<void> {
    await Promise.all([this.unblock(), this.#several.leave()]);
  }

  /** Puts a marble that came just as the wait was broken off back where it was. */
  #unlessOver(held: Held, request: TakeRequest): Held | Promise<Held> {
    if (!request.closed() && !request.signal?.aborted) return held;
    if (!this.leased) return held; // gone from its queue already: better delivered than lost
    return this.leased.session.release([held]).then(() => {
      this.#throwIfOver(request);
      return held;
    });
  }

  #throwIfOver(request: TakeRequest): void {
    request.signal?.throwIfAborted();
    if (request.closed()) throw new MarbleRunError('MR_CLOSED', 'wait: this Marble was closed');
  }
}
