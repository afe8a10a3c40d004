/**
 * The moves of a person, and of the retention: dead letters are put back or removed, whole queues are moved or deleted.
 */
import assert from 'node:assert/strict';
import { keysOf } from '@marblerun/internal';
import type { Move } from './moves.js';
import { bySerial, type World } from './world.js';

const keys = keysOf('lower');

export async function settle({ bench, model }: World, { n, flag }: Move): Promise<void> {
  const letter = model.dead[n % Math.max(model.dead.length, 1)];
  if (!letter) return;
  const serial = bySerial(await bench.redis.zrange(keys.dead, '0', '-1'))[model.dead.indexOf(letter)]!;
  await (flag ? bench.lower.deadLetters.requeue([serial]) : bench.lower.deadLetters.remove([serial]));
  model.settle(letter, flag);
}

export async function expire({ bench, model }: World, { n }: Move): Promise<void> {
  if (n === 0) return;
  // marbles that died in one millisecond have an order of their own
  const serials = await bench.redis.zrange(keys.dead, '0', '-1');
  const inOrder = bySerial([...serials]);
  const oldest = serials
    .slice(0, Math.max(0, serials.length - n))
    .map((serial) => model.dead[inOrder.indexOf(serial)]!);
  await bench.lower.deadLetters.expire(n, 0);
  model.expire(oldest);
}

export async function transfer({ bench, model }: World, { queue }: Move): Promise<void> {
  const to = queue === 'a' ? 'b' : 'a';
  assert.equal(await bench.lower.transfer(queue, to, 1000), model.transfer(queue, to));
}

export async function destroy({ bench, model }: World, { queue }: Move): Promise<void> {
  assert.equal(await bench.lower.destroy(queue), model.destroy(queue));
}
