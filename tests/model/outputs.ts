/**
 * Outputs of a move, in the model and in Redis.
 */
import { encodeEnvelope, type Output } from 'marblerun/communicator';
import { largeDataOf } from './large-data.js';
import type { Move } from './moves.js';
import type { OutputModel } from './run-model.js';
import type { World } from './world.js';

/** A long delay: time passes in a case only where the case says so. */
export const DELAY_MS = 10_000_000;

/** Some are suspects from the start: to become one takes a crash, and to be worked on alone takes another. */
const SUSPICIONS = [0, 0, 0, 0, 0, 0, 1, 2] as const;

export function newOutputs(world: World, { outputs, picks }: Move, member: string | undefined): OutputModel[] {
  const suspicion = SUSPICIONS[picks % SUSPICIONS.length]!;
  return outputs.map(({ kind, queue, delay, max, large }) => ({
    ...{ kind, queue, marble: { ...world.newMarble(max), suspicion, expedited: kind === 'upFront', large, member } },
    delay: kind === 'later' ? delay : 0,
  }));
}

export function realOutput({ kind, queue, marble, delay }: OutputModel, isInside: boolean): Output {
  const { id, attempt, max, suspicion, expedited, large, member } = marble;
  const data = largeDataOf(id);
  const more = {
    ...(max && { maxAttempts: max }),
    ...(expedited && { expedited: 1 }),
    ...(member && { member }),
    ...(large && { large: data }),
  };
  const header = encodeEnvelope({ id, attempt, sentAt: 0, type: 'j', ...more }, '')
    .toString()
    .trimEnd();
  const envelope = `${header}${suspicion > 0 ? ` d=${suspicion}` : ''}\n${large ? '' : '0'}`; // a sender never says so: scripts do
  return {
    kind,
    queue,
    envelope,
    member,
    isInside,
    ...(large && { large: data }),
    ...(kind === 'later' && { delayMs: delay * DELAY_MS }),
  };
}
