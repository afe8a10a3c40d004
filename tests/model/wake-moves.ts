/**
 * The moves of those who wait on both queues, and of the Monitor that issues again what was lost.
 */
import assert from 'node:assert/strict';
import { holdersOf } from '@marblerun/internal';
import { QUEUES } from './bench.js';
import type { Move } from './moves.js';
import type { World } from './world.js';

/** Where no wake-up is there, nothing is to be waited for: the time of a wait. */
const NO_MS = 10;
const LONG_MS = 10_000;

/** Waits on both queues; with `n` 0 it dies of the wake-up that it gets. */
export async function listen(world: World, { slot: i, n }: Move): Promise<void> {
  const { bench, model, slots } = world;
  const slot = slots[i]!;
  if (slot.woken !== undefined) return;
  const expected = model.wakes.listen(QUEUES);
  const listening = holdersOf(bench.lower).listening(QUEUES, LONG_MS);
  const woken = await listening.wait(expected === undefined ? NO_MS : LONG_MS);
  await listening.leave();
  assert.equal(woken, expected);
  if (woken === undefined) return;
  if (n === 0) model.wakes.lost.add(woken);
  else slot.woken = woken;
}

/** Answers for a wake-up after a swap, as a client does: it passes it on, unless nothing was found anywhere. */
export async function answer(world: World, i: number, foundNothing: boolean): Promise<void> {
  const slot = world.slots[i]!;
  const { woken } = slot;
  if (woken === undefined) return;
  slot.woken = undefined;
  if (foundNothing) return;
  await holdersOf(world.bench.lower).passOn(woken);
  world.model.wakes.look([woken]);
}

/** Somebody who was woken stops before it has looked. */
export async function passOn(world: World, { slot }: Move): Promise<void> {
  await answer(world, slot, false);
}

export async function wakeAgain({ bench, model }: World): Promise<void> {
  await bench.lower.recovery.wakeAgain();
  model.wakes.look(model.wakes.watched);
}
