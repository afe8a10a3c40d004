/**
 * Draws frames, joins them to scenes, and joins scenes to films, whichever there is to do. It goes on until SIGTERM.
 *
 * A join reads what the members of its batch have made; it would fail if one were missing.
 *
 * What you should see: a line for each scene, then one for the film.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Marble } from 'marblerun';
import type { Queues } from './queues.js';

const marble = new Marble<Queues>();

marble.work('frames', ({ into, scene, frame }) =>
  writeFile(join(into, `scene-${scene}-${frame}`), `scene ${scene}, frame ${frame}\n`),
);

marble.work('scenes', async ({ into, scene, frames }) => {
  await joinParts(into, `scene-${scene}`, `scene-${scene}`, frames);
  console.log(`scene ${scene} is joined from ${frames} frames`);
});

marble.work('films', async ({ into, scenes }) => {
  await joinParts(into, 'film', 'scene', scenes);
  console.log(`the film is joined from ${scenes} scenes`);
});

/** Writes `part`-1, `part`-2 … one after the other into `whole`. */
async function joinParts(into: string, whole: string, part: string, count: number): Promise<void> {
  const parts = Array.from({ length: count }, (_, i) => readFile(join(into, `${part}-${i + 1}`)));
  await writeFile(join(into, whole), Buffer.concat(await Promise.all(parts)));
}

process.once('SIGTERM', () => void marble.close());
