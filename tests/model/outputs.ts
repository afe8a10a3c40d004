/**
 * Outputs of a move, in the model and in Redis.
 */
import { encodeEnvelope, type Output } from 'marblerun/communicator';
import type { Move } from './moves.js';
import type { OutputModel } from './run-model.js';
import type { World } from './world.js';

/** A long delay: time passes in a case only where the case says so. */
export const DELAY_MS = 10_000_000;

export function newOutputs(world: World, { outputs }: Move, member: string | undefined): OutputModel[] {
  return outputs.map(({ kind, queue, delay, max }) => ({
    ...{ kind, queue, marble: { ...world.newMarble(max), expedited: kind === 'upFront', member } },
    delay: kind === 'later' ? delay : 0,
  }));
}

export function realOutput({ kind, queue, marble, delay }: OutputModel, isInside: boolean): Output {
  const { id, attempt, max, expedited, member } = marble;
  const more = { ...(max && { maxAttempts: max }), ...(expedited && { expedited: 1 }), ...(member && { member }) };
  const envelope = encodeEnvelope({ id, attempt, sentAt: 0, type: 'j', ...more }, '0');
  return { kind, queue, envelope, member, isInside, ...(kind === 'later' && { delayMs: delay * DELAY_MS }) };
}
