/**
 * Knows which batches are cancelled, for a client that has members of batches in hand. Redis tells this in its reply to
 * a finish of such members. Otherwise the client asks with every heartbeat, for as long as it has members in hand.
 */
import type { Communicator } from '../communicator/communicator.js';
import type { Held } from '../communicator/hold/held.js';
import { MarbleRunError } from '../errors.js';

export interface CancelsOwner {
  /** Returns true while members are in hand. */
  readonly isNeeded: () => boolean;
  /** Called when some batches are known to be cancelled. */
  readonly found: () => void;
}

export class Cancels {
  #ids = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly communicator: Communicator,
    private readonly everyMs: number,
    private readonly owner: CancelsOwner,
  ) {}

  readonly has = (held: Held): boolean => {
    const { member } = held.envelope;
    return member !== undefined && this.#ids.has(member);
  };

  note(ids: readonly string[]): void {
    if (ids.every((id) => this.#ids.has(id))) return;
    for (const id of ids) this.#ids.add(id);
    this.owner.found();
  }

  /** Begins to ask where one of the marbles just taken is a member of a batch. */
  watch(taken: readonly Held[]): void {
    if (this.#timer || !taken.some(({ envelope }) => envelope.member !== undefined)) return;
    this.#timer = setInterval(() => void this.#look(), this.everyMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    if (!this.owner.isNeeded()) {
      this.stop();
      return;
    }
    try {
      const ids = await this.communicator.batches.cancelled();
      this.#ids = new Set(ids);
      if (ids.length > 0) this.owner.found();
    } catch {
      // Redis is away: the worker reports that, and the next look comes on time
    }
  }
}

export function batchCancelled({ envelope, queue }: Held): MarbleRunError {
  const { id, member } = envelope;
  const what = `marble ${id} of queue ${queue}: its batch ${member} was cancelled`;
  return new MarbleRunError('MR_BATCH_CANCELLED', what);
}
