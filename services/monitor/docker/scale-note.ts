/**
 * Notes of the Monitors of a run about the compose services that they scale: for the Monitor that goes on with it, and
 * for people.
 */
import { z } from 'zod';

const whole = z.number().int();

const lastStep = z.object({
  at: whole.describe("when, in ms since 1970 by Redis's clock"),
  direction: z.enum(['up', 'down']),
  container: z.string(),
  why: z.string(),
});

/** A container that was asked to end. */
const ending = z.object({
  id: z.string(),
  name: z.string(),
  at: whole,
  graceMs: whole.describe('the time that it is given'),
  startedAt: z.string().describe('the start, by which one that somebody starts again is known'),
});

export const scaledService = z.object({
  project: z.string(),
  service: z.string(),
  running: whole.describe('containers that run and were not asked to end'),
  wanted: whole
    .optional()
    .describe('how many are wanted; this and what follows is missing where a label makes no sense'),
  min: whole.optional(),
  max: whole.optional(),
  target: whole.optional().describe('marbles for one container'),
  work: whole.optional().describe('marbles of its queues that wait or are in hand'),
  queues: z.array(z.string()),
  state: z.string().describe('why nothing is done now, or what is done'),
  isTrouble: z.boolean().describe('a person has to do something'),
  changedAt: whole.describe('the last step, or when another number of containers was seen'),
  ending: z.array(ending),
  last: lastStep.optional().describe('the last step'),
});

export const scaleNote = z.object({ services: z.array(scaledService) });

export type ScaledService = z.infer<typeof scaledService>;
export type ScaleNote = z.infer<typeof scaleNote>;
