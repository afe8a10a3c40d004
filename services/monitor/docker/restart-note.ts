/**
 * Notes of the Monitors of a run about the containers that they restart: for the Monitor that goes on with it, and for
 * people.
 */
import { z } from 'zod';

const whole = z.number().int();

export const notedRestart = z.object({
  id: z.string().describe('of the container'),
  name: z.string(),
  at: whole.describe("when it was begun, in ms since 1970 by Redis's clock"),
});

export const restartNote = z.object({
  restarts: z.array(notedRestart).describe('those of the last hour, the latest last'),
  state: z.string().describe('why nothing is restarted now, or what is'),
});

export type NotedRestart = z.infer<typeof notedRestart>;
export type RestartNote = z.infer<typeof restartNote>;
