/**
 * Takes one marble for the loop form: one that waits already, or the next that comes.
 */
import type { Communicator } from '../communicator/communicator.js';
import type { Connection } from '../communicator/redis/connection.js';
import { Held } from '../communicator/hold/held.js';
import { MarbleRunError } from '../errors.js';
import type { Cancels } from './cancels.js';
import type { HolderSession } from './holder-session.js';
import type { ResolvedOptions } from './options.js';

export interface TakeRequest {
  /** The time to wait; 0: do not wait. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** The marble that was in hand and was not finished. */
  readonly abandoned: Held | undefined;
  readonly closed: () => boolean;
}

export class Taker {
  #waiting: Connection | undefined;

  /** Takes a lease, or none for unmonitored marbles. */
  constructor(
    private readonly communicator: Communicator,
    private readonly session: HolderSession | undefined,
    private readonly cancels: Cancels,
    private readonly options: ResolvedOptions,
  ) {}

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
        const found = await this.#takeWaiting(queues, abandon);
        abandon = [];
        if (found && (await this.#dropped(found))) continue;
        if (found) return await this.#unlessOver(found, request);
        const left = deadline - performance.now();
        if (left <= 0) return undefined;
        this.#throwIfOver(request);
        const came = await this.#block(queues, left);
        if (came && (await this.#dropped(came))) continue;
        if (came) return await this.#unlessOver(came, request);
        this.#throwIfOver(request);
      }
    } finally {
      signal?.removeEventListener('abort', unblock);
    }
  }

  async #takeWaiting(queues: string[], abandon: Held[]): Promise<Held | undefined> {
    if (!this.session) {
      const [popped] = await this.communicator.pop(queues);
      return popped && new Held(0, popped.queue, popped.envelope, undefined);
    }
    const { taken } = await this.session.swap({ abandon, sources: queues, want: 1, waitOn: queues[0] });
    const [held, ...others] = taken;
    // There is more than one only when a marble came while the connection was cut: the others go back to the front.
    if (others.length > 0)
      await this.session.giveBack(others.reverse().map((other) => ({ held: other, verdict: 'release', delayMs: 0 })));
    return held;
  }

  async #block(queues: string[], leftMs: number): Promise<Held | undefined> {
    const longest = queues.length > 1 ? this.options.pollMs : Infinity;
    if (!this.session) {
      const ms = Math.max(10, Math.min(leftMs, longest, this.options.blockMs));
      this.#waiting ??= this.communicator.holders.waitingConnection(this.options.blockMs);
      const popped = await this.communicator.holders.popBlocking(this.#waiting, queues[0]!, ms);
      return popped && new Held(0, popped.queue, popped.envelope, undefined);
    }
    const held = await this.session.block(queues[0]!, Math.min(leftMs, longest));
    void held?.holder?.adopt().catch(() => undefined); // what fails here fails again, and is told, with finish
    return held;
  }

  /**
   * Returns true where the marble's batch is known to be cancelled, after dropping it: nobody works on such a marble.
   */
  async #dropped(held: Held): Promise<boolean> {
    if (!this.session) return false;
    this.cancels.watch([held]);
    if (!this.cancels.has(held)) return false;
    await this.session.giveBack([{ held, verdict: 'cancel', delayMs: 0 }]);
    return true;
  }

  /** Breaks off a wait that is under way; `take` then decides whether to go on. */
  async unblock(): Promise<void> {
    if (this.session) await this.session.unblock();
    else if (this.#waiting) await this.communicator.holders.unblock(this.#waiting);
  }

  /** Puts a marble that came just as the wait was broken off back where it was. */
  async #unlessOver(held: Held, request: TakeRequest): Promise<Held> {
    if (!request.closed() && !request.signal?.aborted) return held;
    if (!this.session) return held; // gone from its queue already: better delivered than lost
    await this.session.giveBack([{ held, verdict: 'release', delayMs: 0 }]);
    this.#throwIfOver(request);
    return held;
  }

  #throwIfOver(request: TakeRequest): void {
    request.signal?.throwIfAborted();
    if (request.closed()) throw new MarbleRunError('MR_CLOSED', 'wait: this Marble was closed');
  }
}
