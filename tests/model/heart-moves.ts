/**
 * Moves of processes whose connections are cut and come back, and of a Monitor that looks who is gone.
 */
import assert from 'node:assert/strict';
import { keysOf } from '@marblerun/internal';
import { HEART_MS, SLOTS, containerOf, heartOf } from './bench.js';
import type { Move } from './moves.js';
import type { World } from './world.js';

const keys = keysOf('lower');
const QUARTER_MS = HEART_MS / 4;
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

export async function lookForGone(world: World, move: Move): Promise<void> {
  await look(world, move, undefined);
}

/** An engine says that the container of this slot has ended: whether it lives, is cut, or is gone for long. */
export async function lookForEnded(world: World, move: Move): Promise<void> {
  await look(world, move, containerOf(move.slot));
}

/** `flag`: one comes back just after it was seen to be gone for too long. */
async function look({ bench, model }: World, { slot, flag }: Move, ended: string | undefined): Promise<void> {
  const id = heartOf(slot);
  if (flag) {
    bench.interlude = {
      after: (reply) => isOver(reply, id),
      act: () => bench.pulse(slot),
    };
  }
  const containers = ended === undefined ? [] : [ended];
  await bench.lower.goneConnections.look({ containers, mayBeGoneMs: 2 * QUARTER_MS });
  bench.interlude = undefined;
  const inThese = SLOTS.flatMap((_, slot) => (containerOf(slot) === ended ? [heartOf(slot)] : []));
  model.hearts.look(flag ? id : undefined, inThese);
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
    const gone = { isMissed: words[LOOKED_AT] !== '0', quarters: Math.floor(Number(words[GONE]) / QUARTER_MS) };
    return [id, { shownBy, ...gone }] as const;
  });
  const expected = [...model.hearts.all].map(
    ([id, { shownBy, isMissed, quarters }]) => [id, { shownBy, isMissed, quarters }] as const,
  );
  assert.deepEqual(new Map(noted), new Map(expected));
}
