/**
 * Moves of processes whose connections are cut and come back, and of a Monitor that looks who is gone.
 */
import assert from 'node:assert/strict';
import { keysOf } from '@marblerun/internal';
import { HEART_MS, heartOf } from './bench.js';
import type { Move } from './moves.js';
import type { World } from './world.js';

const keys = keysOf('lower');
const HALF_MS = HEART_MS / 2;
/** Words of a note. */
const [SERVER, GONE, LOOKED_AT] = [4, 5, 6] as const;

/** Its heart beats: by the connection that it has, or by a new one. */
export async function pulse({ bench, model }: World, { slot }: Move): Promise<void> {
  await bench.pulse(slot);
  model.hearts.pulse(heartOf(slot));
}

export async function cutHeart({ bench, model }: World, { slot }: Move): Promise<void> {
  const heart = model.hearts.all.get(heartOf(slot));
  if (!heart?.isConnected) return;
  await bench.cutHeart(slot);
  heart.isConnected = false;
}

/** `flag`: one comes back just after it was seen to be gone for too long. */
export async function lookForGone({ bench, model }: World, { slot, flag }: Move): Promise<void> {
  const id = heartOf(slot);
  if (flag) {
    bench.interlude = {
      after: (reply) => isOver(reply, id),
      act: () => bench.pulse(slot),
    };
  }
  await bench.lower.goneConnections.look();
  bench.interlude = undefined;
  model.hearts.look(flag ? id : undefined);
}

function isOver(reply: unknown, id: string): boolean {
  const { left } = Object(reply) as { left?: unknown };
  return (
    left instanceof Map &&
    [...(left as Map<{ heart: string }, number>)].some(([{ heart }, ms]) => heart === id && ms === 0)
  );
}

/** All the time that one may be gone passes, and nobody looks. */
export async function passHeart({ bench, model }: World, { slot }: Move): Promise<void> {
  const heart = model.hearts.all.get(heartOf(slot));
  if (!heart?.isMissed) return;
  await change(bench, slot, (words) => (words[LOOKED_AT] = String(Number(words[LOOKED_AT]) - HEART_MS)));
  heart.hasPassed = true;
}

/** Redis is another since then: a restart, a failover. Connections that stand are of the new one. */
export async function otherServer({ bench, model }: World, { slot }: Move): Promise<void> {
  const heart = model.hearts.all.get(heartOf(slot));
  if (!heart) return;
  await change(bench, slot, (words) => (words[SERVER] = 'another'));
  heart.shownBy = 'another';
}

async function change({ redis }: World['bench'], slot: number, edit: (words: string[]) => unknown): Promise<void> {
  const words = (await redis.hget(keys.hearts, heartOf(slot)))!.split(' ');
  edit(words);
  await redis.hset(keys.hearts, heartOf(slot), words.join(' '));
}

/** Throws where what is noted of hearts is not as the model. */
export async function compareHearts({ bench, model }: World): Promise<void> {
  const noted = Object.entries(await bench.redis.hgetall(keys.hearts)).map(([id, text]) => {
    const words = text.split(' ');
    const shownBy = { '-': 'nobody', another: 'another' }[words[SERVER]!] ?? 'this server';
    const gone = { isMissed: words[LOOKED_AT] !== '0', halves: Math.floor(Number(words[GONE]) / HALF_MS) };
    return [id, { shownBy, ...gone }] as const;
  });
  const expected = [...model.hearts.all].map(
    ([id, { shownBy, isMissed, halves }]) => [id, { shownBy, isMissed, halves }] as const,
  );
  assert.deepEqual(new Map(noted), new Map(expected));
}
