/**
 * The marble that a loop has in hand, as its Marble gives it.
 */
import type { Failure } from '../communicator/data/header.js';
import type { Held } from '../communicator/hold/held.js';
import type { InHand } from './in-hand.js';
import type { FailOptions, LoopMarble } from './loop-marble.js';
import type { Signal } from './types.js';

/** Ends it: by the Marble whose loop this is. */
export interface Ending {
  finish(): Promise<void>;
  fail(error: unknown, options?: FailOptions): Promise<void>;
}

export class HeldInLoop implements LoopMarble {
  readonly #inHand: InHand;
  readonly #held: Held;
  readonly #ending: Ending;

  constructor(
    inHand: InHand,
    readonly data: unknown,
    ending: Ending,
  ) {
    this.#inHand = inHand;
    this.#held = inHand.held;
    this.#ending = ending;
  }

  get signal(): Signal {
    return this.#inHand.signal;
  }

  get id(): string {
    return this.#held.envelope.id;
  }

  get queue(): string {
    return this.#held.queue;
  }

  get batch(): string | undefined {
    return this.#held.envelope.batch;
  }

  get attempt(): number {
    return this.#held.envelope.attempt + 1;
  }

  get failures(): readonly Failure[] {
    return this.#held.envelope.failures ?? [];
  }

  finish(): Promise<void> {
    return this.#ending.finish();
  }

  fail(error: unknown, options?: FailOptions): Promise<void> {
    return this.#ending.fail(error, options);
  }
}
