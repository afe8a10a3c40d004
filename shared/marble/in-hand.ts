/**
 * The marble that a loop has in hand.
 */
import type { Held } from '../communicator/hold/held.js';
import type { Output } from '../communicator/send/outputs.js';
import { NONE, type KeepsBack } from './kept-back.js';
import type { Processing } from './telemetry.js';

export class InHand implements KeepsBack {
  /** The outputs that are kept back until `finish`, with `atomic`. */
  outputs: readonly Output[] = NONE;
  outputBytes = 0;
  /** It is made when it is asked for, since most loops do not ask. */
  #controller: AbortController | undefined;
  #lost: { readonly reason: unknown } | undefined;

  constructor(
    readonly held: Held,
    readonly processing: Processing | undefined,
  ) {}

  /** A signal that is aborted when the marble is lost. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#lost) this.#controller.abort(this.#lost.reason);
    }
    return this.#controller.signal;
  }

  /** Notes that the marble is not ours any more. The first reason stays. */
  lose(reason: unknown): void {
    this.#lost ??= { reason };
    this.#controller?.abort(reason);
  }
}
