/**
 * The move of a loop that finishes and takes ahead in one round trip.
 */
import assert from 'node:assert/strict';
import type { Move } from './moves.js';
import { pick, shownReal, shownModel, type World } from './world.js';

/** Finishes one marble of the hand, mostly the latest, and takes one ahead. */
export async function step(world: World, { slot: i, picks, queue, flag, replyLost }: Move): Promise<void> {
  const slot = world.slots[i]!;
  const [held] = flag ? pick(slot.hand, picks)[0] : slot.hand.slice(-1);
  if (!held) return;
  const finish = [{ held, outputs: [] }];
  const real = await slot.holding.swap({ finish, sources: [queue], want: 1, isAhead: true });
  const model = slot.model.step(held, queue, replyLost);
  assert.equal(real.forgotten, model === 'forgotten');
  if (real.forgotten || model === 'forgotten') return world.replace(i);
  assert.deepEqual(real.taken.map(shownReal), model.taken.map(shownModel));
  assert.deepEqual([...real.refused], model.refused);
  slot.hand = [...slot.hand.filter((other) => other !== held), ...real.taken];
}
