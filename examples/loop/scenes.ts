/**
 * The three loops to begin with, each with a bus, and with a higher run where it elevates to one.
 */
import { ended, firstDead, PATIENCE_MS, type Scene } from '../stage/scene.js';
import type { Stage } from '../stage/stage.js';

export const monitored: Scene = {
  title: 'the loop: wait, work, send, expedite, elevate, finish',
  play: (stage) => playLoop(stage, 'monitored'),
};

export const unmonitored: Scene = {
  title: 'the loop without a safety net: taken is gone',
  play: (stage) => playLoop(stage, 'unmonitored'),
};

async function playLoop(stage: Stage, kind: 'monitored' | 'unmonitored'): Promise<void> {
  const [lower, higher] = await Promise.all([stage.bus('lower'), stage.bus('higher')]);
  await stage.elevator({ from: lower, to: higher });
  stage.say('five marbles are sent; then the loop runs on the lower run and on the higher one');
  await ended(stage.program('send', 'loop/send.js', lower, { args: [`test-${kind}`] }));
  const below = stage.program('lower worker', `loop/${kind}.js`, lower);
  const above = stage.program('higher worker', `loop/${kind}.js`, higher);
  await below.line(/at the back of the queue!/, PATIENCE_MS);
  await above.line(/to a higher run!/, PATIENCE_MS);
}

export const unfinished: Scene = {
  title: 'monitored, but it never finishes: back with its attempt raised, then dead',
  play: async (stage) => {
    const bus = await stage.bus('main');
    stage.say('one marble is sent; the worker waits again and again and never finishes');
    const worker = stage.program('worker', 'loop/unfinished.js', bus);
    await worker.line(/attempt 3/, PATIENCE_MS);
    const { data, attempts, reason } = await firstDead(bus);
    stage.say(`dead in main: ${data} after ${attempts} attempts, ${JSON.stringify(reason)}`);
  },
};
