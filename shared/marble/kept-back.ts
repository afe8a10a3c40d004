/**
 * Keeps back the marbles that a handler or an atomic loop sends, and commits them with the finish in one step of Redis.
 * What may go wrong: they are more than one step may carry (MR_TOO_MANY_OUTPUTS). Marbles that were kept back before
 * stay.
 */
import type { Held } from '../communicator/hold/held.js';
import { sizeOf, type Output } from '../communicator/send/outputs.js';
import { MarbleRunError } from '../errors.js';

const MOST_OUTPUTS = 10_000;
const MOST_BYTES = 16_777_216;

/** An empty list that marbles share, since most send nothing. */
export const NONE: readonly Output[] = Object.freeze([]);

export interface KeepsBack {
  readonly held: Held;
  outputs: readonly Output[];
  outputBytes: number;
}

/** Keeps back all of these outputs or none. A single one may have any size. */
export function keepBack(marble: KeepsBack, outputs: readonly Output[]): void {
  const count = marble.outputs.length + outputs.length;
  let bytes = marble.outputBytes;
  for (const output of outputs) bytes += sizeOf(output);
  if (count > 1 && (count > MOST_OUTPUTS || bytes > MOST_BYTES)) throw tooMany(marble.held, count, bytes);
  marble.outputBytes = bytes;
  if (marble.outputs === NONE) marble.outputs = [...outputs];
  else for (const output of outputs) (marble.outputs as Output[]).push(output);
}

function tooMany({ envelope, queue }: Held, count: number, bytes: number): MarbleRunError {
  return new MarbleRunError(
    'MR_TOO_MANY_OUTPUTS',
    `marble ${envelope.id} of queue ${queue}: ${count} outputs of ${bytes} bytes; allowed: ${MOST_OUTPUTS} of ${MOST_BYTES} bytes, ` +
      'because they are committed in one step; send the others through another Marble, without atomic',
  );
}
