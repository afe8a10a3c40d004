/**
 * The moves of those who open, seal, cancel and look after batches.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { keysOf } from '@marblerun/internal';
import { isMarbleRunError, type BatchAbout } from 'marblerun/communicator';
import type { BatchModel, PolicyModel } from './batch-model.js';
import type { Move } from './moves.js';
import type { World } from './world.js';

/** The names of batches. They are few, so that batches meet; one is inside another where `inside` says so. */
export const BATCHES = ['x', 'y', 'z'] as const;

export interface BatchDraw {
  /** The batch that is meant, by number: 3 means none. */
  readonly which: number;
  /** The batch that it is in, by number: 3 means none. */
  readonly inside: number;
  readonly policy: PolicyModel;
}

export const batchDraws: fc.Arbitrary<BatchDraw> = fc.record({
  which: fc.nat(3),
  inside: fc.nat(3),
  policy: fc.record({
    onDead: fc.constantFrom('wait' as const, 'continue' as const, 'cancel' as const),
    maxDead: fc.constantFrom(undefined, undefined, 1, '40%'),
    elevated: fc.constantFrom('wait' as const, 'done' as const),
    then: fc.constantFrom('a', 'b', undefined),
  }),
});

/** Returns the batch that a move names, if it exists. */
export function drawnBatch({ model }: World, which: number): BatchModel | undefined {
  const name = BATCHES[which];
  return name === undefined ? undefined : model.batches.named(name);
}

export async function openBatch({ bench, model }: World, { batch: { which, inside, policy } }: Move): Promise<void> {
  const name = BATCHES[which];
  if (name === undefined) return;
  const { then, maxDead, ...rest } = policy;
  const about: BatchAbout = {
    ...{ name, keepMs: 1_000_000, ...rest, ...(maxDead !== undefined && { maxDead }) },
    ...(then !== undefined && { then: { queue: then, digest: '' } }),
  };
  const before = model.batches.named(name);
  const parent = model.batches.named(BATCHES[inside] ?? '');
  const open = () =>
    bench.lower.batches.open({
      about,
      parent: parent?.id,
      then: then === undefined ? undefined : ' 0 0 j' + (parent ? ` B=${parent.id}` : '') + '\n0',
    });
  if (!before && parent && (parent.done || parent.cancelled)) return refuses('MR_BATCH_CLOSED', open);
  const real = await open();
  assert.equal(real.joined, before !== undefined);
  if (before) assert.equal(real.id, before.id);
  else model.batches.open(real.id, name, policy, parent);
}

export async function sealBatch(world: World, { batch: { which }, n, flag }: Move): Promise<void> {
  const batch = drawnBatch(world, which);
  if (!batch) return;
  const { batches } = world.bench.lower;
  if (flag && batch.sent < n) return refuses('MR_BATCH_SHORT', () => batches.seal(batch.id, n));
  await batches.seal(batch.id, flag ? n : undefined);
  world.model.batches.seal(batch);
}

export async function cancelBatch(world: World, { batch: { which } }: Move): Promise<void> {
  const batch = drawnBatch(world, which);
  if (!batch) return;
  assert.equal(await world.bench.lower.batches.cancel(batch.id, 'played'), !batch.done || batch.cancelled);
  if (!batch.done || batch.cancelled) world.model.batches.cancel(batch);
}

export async function discard({ bench, model }: World): Promise<void> {
  await bench.lower.batches.discard();
  model.discard();
}

/** Tidies batches. `flag`: everything that may be forgotten is kept no longer. */
export async function tidyBatches({ bench, model }: World, { flag }: Move): Promise<void> {
  const { batchends } = keysOf('lower');
  const over = [...model.batches.all.values()].filter(({ done }) => flag && done);
  for (const { id } of over) await bench.redis.zadd(batchends, 'XX', 1, id);
  await bench.lower.batches.tidy();
  for (const batch of model.batches.all.values()) if (batch.cancelled && !batch.done) model.batches.cancel(batch);
  model.batches.forget(over);
}

export async function refuses(code: string, act: () => Promise<unknown>): Promise<void> {
  const error: unknown = await act().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(isMarbleRunError(error) && error.code === code, `refused with ${code}, and not: ${String(error)}`);
}
