/**
 * Batches in a run that is prepared for a scenario.
 */
import type { Held } from '@marblerun/internal';
import type { BatchAbout, Output } from 'marblerun/communicator';
import { lookAtBatches } from '../chaos/batches/look.js';
import { misled } from '../chaos/batches/recount.js';
import type { Place } from './place.js';

let names = 0;

/** A `then`, of a batch in that one. */
export const thenIn = (parent: string | undefined) => ` 0 0 j${parent === undefined ? '' : ` B=${parent}`}\n1`;

/** `then: undefined` among the settings: it sends nothing when it is complete. */
export async function open(place: Place, settings: Partial<BatchAbout> = {}, parent?: string): Promise<string> {
  const then = { queue: 'thens', digest: '' };
  const about = { name: `b${++names}`, onDead: 'cancel', keepMs: 1000, elevated: 'done', then, ...settings } as const;
  const sends = 'then' in settings ? undefined : thenIn(parent);
  const opened = await place.admin.batches.open({ about, parent, then: sends });
  return opened.id;
}

/** Sends members to a batch, which is in another one, and seals it, so that nothing more comes. */
export async function sealed(
  place: Place,
  n: number,
  kind: Output['kind'] = 'back',
  settings: Partial<BatchAbout> = {},
) {
  const member = await open(place, settings, await open(place, { onDead: 'wait' }));
  const ids = await place.send(n, kind, 'a', { member, maxAttempts: 1 });
  await place.admin.batches.seal(member);
  return { member, ids };
}

/** And one of another batch. */
export async function holdingAll(place: Place, n: number, settings: Partial<BatchAbout> = {}) {
  const { member } = await sealed(place, n, 'back', settings);
  await sealed(place, 1, 'back', settings);
  const holding = await place.enter({ timeLimitMs: 60_000 });
  const { taken } = (await holding.swap({ sources: ['a'], want: n + 1 })) as { taken: Held[] };
  return { member, holding, taken };
}

/** Makes a batch of which nothing is left, and at which nobody has looked. */
export async function unlooked(place: Place): Promise<string> {
  const member = await open(place, { onDead: 'continue' });
  await place.send(3, 'back', 'b');
  await place.redis.hset(place.keys.batches, `${member} left`, 0, `${member} sealed`, 1);
  return member;
}

/** Tells what is wrong with batches when somebody has looked at each: that makes good what a script could not do last. */
export async function misledBatches({ admin, redis, run }: Place): Promise<string[]> {
  await admin.batches.list();
  return misled(await lookAtBatches(redis, run));
}
