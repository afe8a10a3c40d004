/**
 * Settles the dead of batches that wait for a person, and seals those whose opener died before it did.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchState } from 'marblerun/communicator';
import { noteDead, tried, type BatchActor } from './batcher.js';

const LOOK_MS = 250;
const ABANDONED_MS = 5000;
const MOST_OPEN = 1000;

export async function undertake(actor: BatchActor): Promise<void> {
  const { batches } = actor.communicator;
  while (!actor.isStopping()) {
    for (const state of await tried(() => batches.list(0, MOST_OPEN)).then((list) => list ?? [])) {
      if (state.doneAt !== undefined) break; // those that are open come first
      if (!state.sealed && state.at - state.openedAt > ABANDONED_MS) await seal(actor, state);
      if (state.about.onDead === 'wait' && state.cancelled === undefined && state.dead > 0)
        await settle(actor, state.id);
    }
    await sleep(LOOK_MS);
  }
}

async function seal({ communicator, history, run }: BatchActor, { id, name }: BatchState): Promise<void> {
  if (await tried(() => communicator.batches.seal(id).then(() => true)))
    history.write({ e: 'sealed', run, batch: name, id });
}

/** Removes members that can never be finished; of the others most are put back. */
async function settle(actor: BatchActor, id: string): Promise<void> {
  const dead = await tried(() => noteDead(actor, id));
  const removed = (dead ?? []).filter(({ isPoison }) => isPoison || Math.random() < 0.3);
  const put = (dead ?? []).filter((one) => !removed.includes(one));
  const { deadLetters } = actor.communicator;
  const serials = (those: typeof put) => those.map(({ serial }) => serial);
  await tried(() => deadLetters.remove(serials(removed)));
  await tried(() => deadLetters.requeue(serials(put)));
}
