/**
 * The move of a loop that finishes and takes ahead in one round trip.
 */
import assert from 'node:assert/strict';
import type { Move } from './moves.js';
import { newOutputs, realOutput } from './outputs.js';
import { pick, shownReal, shownModel, type World } from './world.js';

/**
 * Finishes one marble of the hand, mostly the latest, and takes one ahead. In half of the moves the finished one sends up to
 * two on.
 */
export async function step(world: World, move: Move): Promise<void> {
  const { slot: i, n, picks, queue, flag, replyLost } = move;
  const slot = world.slots[i]!;
  const [held] = flag ? pick(slot.hand, picks)[0] : slot.hand.slice(-1);
  if (!held) return;
  const outputs = newOutputs(
    world,
    { ...move, outputs: move.outputs.slice(0, Math.max(0, n - 1)) },
    held.envelope.member,
  );
  const finish = [{ held, outputs: outputs.map((output) => realOutput(output, true)) }];
  const real = await slot.holding.swap({ finish, sources: [queue], want: 1, isAhead: true });
  const { receipt, seq, queue: of } = held;
  const model = slot.model.step({ receipt, seq, queue: of, outputs, source: queue }, replyLost);
  assert.equal(real.forgotten, model === 'forgotten');
  if (real.forgotten || model === 'forgotten') return world.replace(i);
  assert.deepEqual(real.taken.map(shownReal), model.taken.map(shownModel));
  assert.deepEqual([...real.refused], model.refused);
  slot.hand = [...slot.hand.filter((other) => other !== held), ...real.taken];
}
