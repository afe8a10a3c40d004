/**
 * Many nodes, one bus: workers on several machines share the queues of one Redis.
 *
 *     node-1 ┐
 *     node-2 ┼── one bus
 *     node-3 ┘
 *
 * What you should see: node-1 begins with a number and is killed there, as by a power cut. The others go
 * on with the rest; some seconds later the Monitor brings back what node-1 held, and that number too
 * comes out, by another node. Every number has exactly one answer.
 */
import { ended, PATIENCE_MS, type Scene } from '../stage/scene.js';
import { LARGE, SMALL } from './numbers.js';

export const manyNodes: Scene = {
  title: 'many nodes, one bus: one of three nodes is killed, the others do its work',
  play: async (stage) => {
    const bus = await stage.bus('main');
    const numbers = [...LARGE, ...SMALL];
    const node = (name: string) => stage.program(name, 'architectures/worker.js', bus, { env: { NODE: name } });

    await ended(stage.program('send', 'architectures/send.js', bus, { args: numbers }));
    const first = node('node-1');
    await first.line(/is begun/, PATIENCE_MS);
    await first.kill('SIGKILL');
    stage.say('node-1 was killed in the middle of its work');
    node('node-2');
    node('node-3');
    await ended(stage.program('collect', 'architectures/collect.js', bus, { args: [String(numbers.length)] }));
  },
};
