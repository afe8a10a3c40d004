/**
 * Knows which batches are cancelled, for who has members of some in hand: told by Redis with what is finished of them, and else
 * asked for with every heartbeat, for as long as members are in hand.
 */
import type { Communicator } from '../communicator/communicator.js';
import type { Held } from '../communicator/in-hand.js';
import { MarbleRunError } from '../errors.js';

export interface CancelsOwner {
  /** Members are in hand. */
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

  /** To be called when something came in hand. */
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
      // Redis is away: whoever works tells of that, and the next look is on time
    }
  }
}

export function batchCancelled({ envelope, queue }: Held): MarbleRunError {
  const { id, member } = envelope;
  const what = `marble ${id} of queue ${queue}: its batch ${member} was cancelled`;
  return new MarbleRunError('MR_BATCH_CANCELLED', what);
}
