/**
 * Fans out and joins: a film is a batch of scenes, and a scene is a batch of frames. Each scene is joined when its
 * frames are drawn, and the film when its scenes are joined.
 *
 *     node film.js <into> <scenes> <frames of a scene>
 *
 * What you should see: a line when everything is sent, and one when all scenes are joined; workers report each scene,
 * and the film.
 */
import { Marble } from 'marblerun';
import type { Queues } from './queues.js';

const [into = 'film', ...counts] = process.argv.slice(2);
const [scenes = 3, frames = 4] = counts.map(Number);
const marble = new Marble<Queues>();
const film = await marble.batch('film', { then: { queue: 'films', data: { into, scenes } } });
for (let scene = 1; scene <= scenes; scene++) {
  const then = { queue: 'scenes', data: { into, scene, frames } };
  const batch = await film.batch(`film/scene-${scene}`, { then });
  await batch.sendMany(
    'frames',
    Array.from({ length: frames }, (_, i) => ({ into, scene, frame: i + 1 })),
  );
  await batch.seal({ expected: frames });
}
await film.seal({ expected: scenes }); // a batch inside it counts as one
console.log(`${scenes * frames} frames are sent`);
await film.done(); // the marbles that join the scenes are done too: they belong to the film
console.log('all scenes are joined');
await marble.close();
