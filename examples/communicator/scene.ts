/** One program on one bus, which ends by itself. */
import { ended, type Scene } from '../stage/scene.js';

export const verbs: Scene = {
  title: 'the Communicator alone: push, dump, pop, transfer, show, set, get, destroy',
  play: async (stage) => {
    const bus = await stage.bus('main');
    await ended(stage.program('verbs', 'communicator/verbs.js', bus));
  },
};
