/**
 * Many nodes, many buses: a mesh of two equals. Each does what the other cannot: east the small numbers,
 * west the large ones.
 *
 *     east ◄──────► west
 *
 * What you should see: numbers sent on either side are factored by the side that can, and the answers
 * are at home on the side that asked. The number 1 is for nobody: it goes to and fro until it has
 * travelled as often as the hop limit allows (8), and ends among the dead of west, where a person finds it.
 */
import { ended, firstDead, type Scene } from '../stage/scene.js';
import { LARGE, LIMIT, SMALL } from './numbers.js';

export const mesh: Scene = {
  title: 'many nodes, many buses: a mesh of two, each does what the other cannot',
  play: async (stage) => {
    const [east, west] = await Promise.all([stage.bus('east'), stage.bus('west')]);
    await stage.elevator({ from: east, to: west }, { from: west, to: east });
    stage.program('east worker', 'architectures/worker.js', east, { env: { NODE: 'east', FROM: '2', TO: LIMIT } });
    stage.program('west worker', 'architectures/worker.js', west, { env: { NODE: 'west', FROM: LIMIT } });
    await ended(
      stage.program('east send', 'architectures/send.js', east, { args: [SMALL[0]!, LARGE[0]!, '1'] }),
      stage.program('west send', 'architectures/send.js', west, { args: [SMALL[1]!, LARGE[1]!] }),
      stage.program('east', 'architectures/collect.js', east, { args: ['2'] }),
      stage.program('west', 'architectures/collect.js', west, { args: ['2'] }),
    );
    const { data, hops, reason } = await firstDead(west);
    stage.say(`dead in west: ${data} after ${String(hops)} hops, ${JSON.stringify(reason)}`);
  },
};
