/**
 * The moves of the two Elevators.
 */
import assert from 'node:assert/strict';
import { QUEUES } from './bench.js';
import type { Move } from './moves.js';
import type { World } from './world.js';

const LIMITS = { marbles: 3, bytes: 1_000_000 };

/** Lifts a transit. `flag`: the queues come in another order. */
export async function lift(world: World, { slot: i, flag, refused }: Move): Promise<void> {
  const elevator = world.elevators[i % 2]!;
  const { arrived } = elevator;
  const queues = flag ? [...QUEUES].reverse() : QUEUES;
  const source = world.bench.lower.laneSource('lane');
  const real = await world.bench.refusing(refused, () => source.lift(queues, LIMITS, arrived?.real));
  if (real === 'refused') return;
  const model = world.lane.lift(queues, LIMITS.marbles, arrived?.model);
  assert.deepEqual(
    real?.entries.map(({ queue, envelope }) => `${queue} ${envelope.toString().split(' ')[0]}`),
    model?.entries.map(({ queue, marble }) => `${queue} ${marble.id}`),
  );
  elevator.arrived = undefined;
  elevator.transit = real && model && { real, model };
}

/** Lands a transit. `flag`: the Elevator dies before it hears of that, and begins anew. */
export async function land(world: World, { slot: i, flag, replyLost, refused }: Move): Promise<void> {
  const elevator = world.elevators[i % 2]!;
  const { transit } = elevator;
  if (!transit) return;
  const options = { from: 'lower', hopLimit: 8, onward: () => false };
  const target = world.bench.upper.laneTarget();
  const answer = await world.bench.refusing(refused, () => target.land(transit.real, options));
  if (answer === 'refused') return;
  const { landing, knownEpoch } = answer;
  const expected = world.lane.land(transit.model);
  assert.equal(landing, replyLost && expected === 'landed' ? 'duplicate' : expected);
  if (landing === 'doubt')
    assert.equal(await world.bench.lower.laneSource('lane').newEpoch(transit.real, knownEpoch), false);
  elevator.transit = undefined;
  elevator.arrived = flag || landing === 'doubt' ? undefined : transit;
}
