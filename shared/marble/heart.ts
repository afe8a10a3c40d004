/**
 * The hearts of this process: one for each heartbeat with a connection of its own (communicator/watch/hearts.ts).
 */
import type { LinkOptions } from '../communicator/redis/bus-options.js';
import { newId } from '../communicator/data/envelope.js';
import type { Heart } from '../communicator/watch/hearts.js';
import { containerId } from './container.js';

interface Timing {
  readonly heartbeatMs: number;
  readonly goneMs: number;
}

/** Hearts of the heartbeat's thread, which has one connection for all that beat alike on a bus. */
const hearts = new Map<string, Heart>();

/** The number of holders of this process that have each heart. */
const users = new Map<string, number>();

/** Returns nothing where nobody would miss it: with `goneMs: 0`, outside of a container. */
export function newHeart(goneMs: number, container = containerId()): Heart | undefined {
  return goneMs === 0 && container === undefined ? undefined : { id: newId(), goneMs, container };
}

/** Returns the heart of a heartbeat: the same for all that share a connection in the heartbeat's thread. */
export function heartOf(bus: LinkOptions, { heartbeatMs, goneMs }: Timing): Heart | undefined {
  const key = JSON.stringify([bus, heartbeatMs, goneMs]);
  const heart = hearts.get(key) ?? newHeart(goneMs);
  if (heart) hearts.set(key, heart);
  return heart;
}

/** Counts one more holder that has the heart. True where it is the first. */
export function useHeart({ id }: Heart): boolean {
  const before = users.get(id) ?? 0;
  users.set(id, before + 1);
  return before === 0;
}

/** Counts one holder less. True where it was the last to have the heart. */
export function leaveHeart({ id }: Heart): boolean {
  const left = (users.get(id) ?? 1) - 1;
  if (left > 0) users.set(id, left);
  else users.delete(id);
  return left <= 0;
}
