/**
 * The answers of the Monitor's API as schemas. Replies are checked against them, and the OpenAPI document is made from
 * them. A field that is missing here is not shown.
 */
import { EVENTS } from 'marblerun/communicator';
import { z } from 'zod';

const whole = z.number().int();
const msSince1970 = whole.describe('ms since 1970');
const queue = z.string();

export const runs = z.array(
  z.object({
    run: z.string(),
    ready: z.boolean(),
    loops: z.record(z.string(), z.string()).describe('the state of Redis and of each chore'),
    monitors: z
      .array(z.object({ name: z.string(), version: z.string(), turnedAt: msSince1970, silentMs: whole }))
      .describe('which Monitors have noted that they watch, and how long ago; the latest first'),
    holders: whole,
    hung: whole.optional().describe('holders that hang; missing before the first look'),
    later: whole.describe('delayed marbles'),
    dead: whole,
    queues: whole.optional().describe('this and the next two are missing where they could not be read in time'),
    depth: whole.optional().describe('marbles that wait, in all queues'),
    held: whole.optional().describe('marbles in hand, of all queues'),
    redis: z
      .object({
        version: z.string().optional(),
        appendonly: z.boolean().optional(),
        appendfsync: z.string().optional(),
        maxmemoryPolicy: z.string().optional(),
        usedBytes: whole.optional(),
        maxBytes: whole.optional(),
      })
      .describe('the settings of this Redis, as far as the Monitor may read them'),
  }),
);

export const queues = z.object({
  total: whole.describe('how many queues match'),
  queues: z.array(
    z.object({
      queue,
      depth: whole.describe('marbles that wait'),
      held: whole.describe('marbles in hand'),
      oldestMs: whole.describe('how long the next marble has waited'),
      counts: z.object(Object.fromEntries(EVENTS.map((event) => [event, whole]))),
    }),
  ),
  next: queue.optional().describe('the value of `after` for the next page, where more follow'),
});

export const outboxes = z.array(
  z.object({
    queue,
    depth: whole.describe('elevated marbles that wait for an Elevator'),
    oldestMs: whole.describe('how long the next of them has waited'),
  }),
);

export const holders = z.array(
  z.object({
    holder: z.string(),
    leaseUntil: msSince1970,
    heardAt: msSince1970,
    unheardMs: whole.describe("how long ago that was, by Redis's clock"),
    held: whole,
    hungMs: whole
      .optional()
      .describe('it hangs: how long ago a marble was over its time limit; its loop has not turned since'),
    about: z.record(z.string(), z.string()).describe('host, pid, waiting, report, blockedMs, …'),
  }),
);

const letter = { serial: z.string(), queue, at: msSince1970, reason: z.record(z.string(), z.unknown()) };
const unreadable = z.object(letter).describe('its bytes are not an envelope');
const readable = z.object({
  ...letter,
  id: z.string(),
  attempts: whole,
  failures: z.array(z.unknown()).describe('for each failed attempt: when, and why'),
  sentAt: msSince1970,
  batch: z.string().optional(),
  origin: z.string().optional().describe('the run it was first elevated from'),
  hops: whole.optional(),
  bytes: whole.describe('the size of its data'),
  type: z.enum(['j', 'b', 'c']).describe('JSON, bytes, a codec'),
  data: z.string().describe('the beginning of its data: text, or base64 where it is bytes'),
});

export const deadPage = z.object({ total: whole, dead: z.array(z.union([readable, unreadable])) });
export const requeued = z.object({ requeued: whole });
export const deleted = z.object({ deleted: whole });
export const none = z.undefined().describe('done');
