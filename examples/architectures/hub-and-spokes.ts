/**
 * Many nodes, many buses: a hub and two spokes. Each spoke works on its own bus and elevates what is too
 * much for it; the hub's answers travel back by lanes of their own, chosen by the name of the queue.
 *
 *     north ──numbers──► hub ◄──numbers── south
 *     north ◄──answers-north── hub ──answers-south──► south
 *
 * What you should see: north and south factor the small numbers themselves and say of the large ones
 * that they are for others; those come back factored by the hub, each to the spoke that asked.
 */
import { ended, type Scene } from '../stage/scene.js';
import type { Bus, Stage } from '../stage/stage.js';
import { LARGE, LIMIT, SMALL } from './numbers.js';

export const hubAndSpokes: Scene = {
  title: 'many nodes, many buses: two spokes elevate what is too large to a hub',
  play: async (stage) => {
    const [hub, north, south] = await Promise.all([stage.bus('hub'), stage.bus('north'), stage.bus('south')]);
    stage.program('hub worker', 'architectures/worker.js', hub, { env: { NODE: 'hub' } });
    await Promise.all([
      playSpoke(stage, north, hub, [...SMALL.slice(0, 2), ...LARGE.slice(0, 2)]),
      playSpoke(stage, south, hub, [...SMALL.slice(2), ...LARGE.slice(2)]),
    ]);
  },
};

async function playSpoke(stage: Stage, spoke: Bus, hub: Bus, numbers: readonly string[]): Promise<void> {
  const { name } = spoke;
  await stage.elevator(
    { from: spoke, to: hub, queues: ['numbers'] },
    { from: hub, to: spoke, queues: [`answers-${name}`] },
  );
  stage.program(`${name} worker`, 'architectures/worker.js', spoke, { env: { NODE: name, TO: LIMIT } });
  await ended(
    stage.program(`${name} send`, 'architectures/send.js', spoke, { args: numbers }),
    stage.program(name, 'architectures/collect.js', spoke, { args: [String(numbers.length)] }),
  );
}
