/**
 * Keeps track of where Redis hands a marble over to a waiting holder: whether something waits, and what may lie there.
 *
 * Waits come one at a time, and none begins while something may lie there that no swap has looked for. What may go
 * wrong: it is not known how a wait ended. It may then go on at Redis, so its connection is ended there before anybody
 * looks.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Session } from '../redis/connection.js';
import { handOver } from './hand-over.js';
import type { RunKeys } from '../redis/keys.js';

/**
 * Sequence numbers that are kept for one wait. One marble comes; more do only where something went wrong (`swap.lua`).
 */
export const MOST_IN_INBOX = 4;

/** The place of a marble that may lie there: its sequence number, and whether its envelope has reached us. */
export interface Place {
  readonly seq: number;
  known: boolean;
}

export class Inbox {
  #place: Place | undefined;
  #isWaiting = false;
  #unblocks = 0;
  /** The session on which something may still wait. */
  #unknown: Session | undefined;

  /** Needs `waiting` for itself alone: a command that waits holds up all behind it. */
  constructor(
    private readonly connection: Connection,
    private readonly waiting: Connection,
    private readonly keys: RunKeys,
  ) {}

  /** A count to pass to `begin`, so that no wait begins once `unblock` was called. */
  get unblocks(): number {
    return this.#unblocks;
  }

  /** The marble that the next swap is to adopt. */
  get toAdopt(): Place | undefined {
    return this.#isWaiting ? undefined : this.#place;
  }

  get isKnown(): boolean {
    return this.#place?.known === true;
  }

  /** True where a marble may be in the inbox whose envelope has not reached us. */
  get isUnseen(): boolean {
    return this.#place?.known === false;
  }

  /** Notes that a swap has looked there. */
  adopted(place: Place | undefined): void {
    if (place && this.#place === place) this.#place = undefined;
  }

  /**
   * Begins a wait. False where a swap must come first, or `unblock` was called. Otherwise `firstSeq` and the three
   * numbers behind it belong to the wait.
   */
  async begin(firstSeq: number, unblocks: number): Promise<boolean> {
    if (this.#place || this.#isWaiting) return false;
    await this.endUnknown();
    if (this.#unblocks !== unblocks) return false;
    this.#isWaiting = true;
    this.#place = { seq: firstSeq, known: false };
    return true;
  }

  /**
   * Resolves with what is in the inbox; null where the time ran out; undefined where this is not known. Each call needs a
   * `begin` before it.
   */
  async wait(holder: { readonly id: string; readonly leaseMs: number }, queue: string, ms: number) {
    const place = this.#place!;
    const waitsAs = (session: Session | undefined) => (this.#unknown = session);
    try {
      const came = await handOver(this.waiting, this.keys, { ...holder, queue, waitsAs }, ms);
      if (came === undefined) return undefined;
      this.#unknown = undefined;
      if (came === null) {
        this.#place = undefined; // nothing lies there, and a swap has nothing to adopt
        return null;
      }
      place.known = true;
      return { seq: place.seq, bytes: came };
    } finally {
      this.#isWaiting = false;
    }
  }

  /** The session that `endUnknown` is to end. */
  get toEnd(): Session | undefined {
    return this.#isWaiting ? undefined : this.#unknown;
  }

  /**
   * Ends what may still wait. It could otherwise take a marble after a swap has looked, and nobody would look there
   * again.
   */
  async endUnknown(): Promise<void> {
    const session = this.toEnd;
    if (!session) return;
    await this.connection.end(session);
    this.#unknown = undefined;
  }

  /** Ends a wait that is under way, as if its time were over. */
  async unblock(): Promise<void> {
    this.#unblocks++;
    while (this.#isWaiting) {
      await this.connection.unblock(this.waiting);
      await sleep(10); // the command may not have reached Redis yet: try again then
    }
  }
}
