/**
 * Marbles in hand and how they are finished, as the arguments of `swap.lua`.
 */
import type { Envelope } from './envelope.js';
import { pushGroups, type LineTable, type Output } from './outputs.js';
import type { ScriptArg } from './scripts.js';

/** A marble in hand. The receipt is of this delivery alone: a later delivery of the same marble has another. */
export interface Held {
  readonly receipt: string;
  readonly queue: string;
  readonly envelope: Envelope;
}

export interface Finished {
  /** Of this holder, and not given to `swap` before: an owner puts down what it finishes. */
  readonly held: Held;
  /** Committed in the same atomic step, and not at all if the finish is refused. */
  readonly outputs: readonly Output[];
}

/** Of each queue: name, how many, and of each marble its receipt and its outputs. Returns how many queues. */
export function pushFinished(finish: readonly Finished[], table: LineTable, args: ScriptArg[]): number {
  const byQueue = new Map<string, Finished[]>();
  for (const finished of finish) {
    const list = byQueue.get(finished.held.queue);
    if (list) list.push(finished);
    else byQueue.set(finished.held.queue, [finished]);
  }
  for (const [queue, list] of byQueue) {
    args.push(queue, list.length);
    for (const { held, outputs } of list) {
      const groupsAt = args.push(held.receipt, 0) - 1;
      args[groupsAt] = pushGroups(outputs, table, args);
    }
  }
  return byQueue.size;
}
