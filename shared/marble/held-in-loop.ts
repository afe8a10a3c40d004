/**
 * The marble that a loop has in hand, as its Marble gives it.
 */
import type { Failure } from '../communicator/data/header.js';
import type { Held } from '../communicator/hold/held.js';
import type { FailOptions, LoopMarble } from './loop-marble.js';
import type { Signal } from './types.js';

/** Ends it: by the Marble whose loop this is. */
export interface Ending {
  finish(): Promise<void>;
  fail(error: unknown, options?: FailOptions): Promise<void>;
}

export class HeldInLoop implements LoopMarble {
  readonly #held: Held;
  readonly #ending: Ending;

  constructor(
    held: Held,
    readonly data: unknown,
    readonly signal: Signal,
    ending: Ending,
  ) {
    this.#held = held;
    this.#ending = ending;
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
