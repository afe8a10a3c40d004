/**
 * The moves of large data: they are read, somebody has deleted them, and a search looks for what nobody refers to.
 */
import assert from 'node:assert/strict';
import { keysOf } from '@marblerun/internal';
import { isMarbleRunError, newId } from 'marblerun/communicator';
import { hasData, largeDataOf } from './large-data.js';
import type { Move } from './moves.js';
import { pick, type World } from './world.js';

const keys = keysOf('lower');

/**
 * Reads the large data of a marble in hand. `flag`: somebody has deleted them before, if it is still held. Then it is
 * dead at once, and nobody misses it.
 */
export async function load(world: World, { slot: i, picks, flag, replyLost }: Move): Promise<void> {
  const slot = world.slots[i]!;
  const held = pick(slot.hand, picks)[0].find(({ envelope }) => envelope.large);
  if (!held) return;
  const { id, large } = held.envelope;
  const { receipt, queue } = held;
  if (flag && slot.model.mayGiveBack && slot.model.has(receipt)) {
    await world.bench.redis.del(keys.data(large!.name));
    world.model.withoutData.add(id);
  }
  const loading = slot.holding.load(held, ({ data }) => data.toString());
  if (hasData(world.model, id)) {
    await loading;
    assert.deepEqual(held.loaded, { data: largeDataOf(id).data });
    return;
  }
  const model = slot.model.giveBack([{ receipt, queue, verdict: 'missing', delay: 0 }]);
  // a client that asks again is not told which died
  const isTold = model !== 'forgotten' && model.dead.includes(receipt) && !replyLost;
  await assert.rejects(loading, (error) => isMarbleRunError(error, isTold ? 'MR_DATA_MISSING' : 'MR_LEASE_LOST'));
  if (model === 'forgotten') return world.replace(i);
  slot.hand = slot.hand.filter((other) => other !== held);
}

/**
 * Looks for large data that no marble refers to. `flag`: there are some. A holder that is not known any more is found
 * before: what it has would be missed.
 */
export async function searchData({ bench, model, nobodys }: World, { flag }: Move): Promise<void> {
  await bench.lower.recovery.findOrphans();
  model.findOrphans();
  if (flag) {
    const name = newId();
    await bench.redis.set(keys.data(name), 'nobody refers to these');
    nobodys.set(name, 0);
  }
  await bench.redis.set(keys.layout, '3'); // a run without large data is not searched
  await bench.lower.largeDataSearch.find();
  for (const [name, missed] of nobodys) nobodys.set(name, missed + 1);
}
