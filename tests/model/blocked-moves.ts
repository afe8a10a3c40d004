/**
 * The moves of a worker whose main loop is blocked: the heartbeat thread gives back marbles that have not begun.
 */
import assert from 'node:assert/strict';
import { ProgressReader, releaseUnbegun } from '@marblerun/internal';
import type { Move } from './moves.js';
import { pick, type World } from './world.js';

/** The state that the heartbeat thread found when it froze a blocked worker. */
export interface FrozenModel {
  readonly begun: number;
  readonly commands: number;
  readonly mayBeInInbox: boolean;
}

/** Begins work on some marbles, then blocks the main loop; the heartbeat thread sees that. */
export async function freeze(world: World, move: Move): Promise<void> {
  const { slot: i, picks, flag } = move;
  const slot = world.slots[i]!;
  const { progress } = slot.holding;
  for (const { seq, receipt } of pick(slot.hand, picks)[0]) {
    const begins = progress.begin(seq);
    assert.equal(begins, slot.model.client.startWork(seq));
    if (begins) slot.begun.add(receipt);
  }
  const real = new ProgressReader(progress.memory).freeze()!;
  const model = slot.model.client.freeze();
  assert.deepEqual([real.begun, real.mayBeInInbox], [model.begun, model.mayBeInInbox]);
  slot.frozen = { real, model };
  if (flag) await relieve(world, move);
}

/** Sends the command of the thread, perhaps late: then the worker may have gone on. */
export async function relieve({ bench, model, slots }: World, { slot: i }: Move): Promise<void> {
  const { frozen, holding, model: holder, begun } = slots[i]!;
  if (!frozen) return;
  const isWorkedOn = ({ receipt }: { receipt: string }) => begun.has(receipt);
  const before = holder.held.filter(isWorkedOn);
  await releaseUnbegun(bench.lower, holding.id, frozen.real);
  model.releaseUnbegun(holder, frozen.model);
  assert.deepEqual(holder.held.filter(isWorkedOn), before, 'nothing is taken back on which work has begun');
}
