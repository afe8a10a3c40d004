/** `make big-batch`, smaller: the same story with fewer marbles and fewer kills. */
import { expect, test } from '@jest/globals';
import { mistakes } from './report.js';
import { play, type Setting } from './story.js';

test('a batch through three queues is complete, and `then` sent once, though workers, Monitors and Redis are killed', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const setting: Setting = { members: 20_000, seed, kills: { worker: 6, monitor: 2, redis: 2 }, deadlineMs: 150_000 };
  const told = await play(setting);
  expect({ seed, mistakes: mistakes(told, setting) }).toEqual({ seed, mistakes: [] });
  expect(told.returned).toBeGreaterThan(0);
}, 240_000);
