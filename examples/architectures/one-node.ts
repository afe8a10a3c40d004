/**
 * One node, one bus: everything on one machine.
 *
 *     send ──► numbers ──► worker ──► answers-main ──► collect
 *
 * What you should see: the worker begins with each number in the order they were sent, and each comes
 * out with its factors, in the same order.
 */
import { ended, type Scene } from '../stage/scene.js';
import { SMALL } from './numbers.js';

export const oneNode: Scene = {
  title: 'one node, one bus: a sender, a worker and a collector on one Redis',
  play: async (stage) => {
    const bus = await stage.bus('main');
    stage.program('worker', 'architectures/worker.js', bus, { env: { NODE: 'worker' } });
    await ended(
      stage.program('send', 'architectures/send.js', bus, { args: SMALL }),
      stage.program('collect', 'architectures/collect.js', bus, { args: [String(SMALL.length)] }),
    );
  },
};
