/**
 * Many nodes, many buses: a chain. What the field cannot do climbs to the site, and what the site cannot
 * do climbs to the centre; answers for the field pass through the site without a stop (`onward`).
 *
 *     field ──► site ──► centre
 *     field ◄── site ◄── centre
 *
 * What you should see: each number climbs as far as it must, and every answer comes home to the field.
 */
import { ended, type Scene } from '../stage/scene.js';
import { LARGE, LIMIT } from './numbers.js';

const MODEST = '10000';

export const chain: Scene = {
  title: 'many nodes, many buses: a chain of three, work climbs as far as it must',
  play: async (stage) => {
    const [field, site, centre] = await Promise.all([stage.bus('field'), stage.bus('site'), stage.bus('centre')]);
    await stage.elevator(
      { from: field, to: site, queues: ['numbers'] },
      { from: site, to: centre, queues: ['numbers'] },
      { from: centre, to: site, queues: ['answers-*'], onward: ['answers-field'] },
      { from: site, to: field, queues: ['answers-field'] },
    );
    stage.program('field worker', 'architectures/worker.js', field, { env: { NODE: 'field', TO: MODEST } });
    stage.program('site worker', 'architectures/worker.js', site, { env: { NODE: 'site', FROM: MODEST, TO: LIMIT } });
    stage.program('centre worker', 'architectures/worker.js', centre, { env: { NODE: 'centre', FROM: LIMIT } });
    const numbers = ['91', '999999', LARGE[0]!];
    await ended(
      stage.program('send', 'architectures/send.js', field, { args: numbers }),
      stage.program('collect', 'architectures/collect.js', field, { args: [String(numbers.length)] }),
    );
  },
};
