/**
 * Answers of the Monitor's API about batches.
 */
import { z } from 'zod';

const whole = z.number().int();
const msSince1970 = whole.describe("ms since 1970, by Redis's clock");
const id = z.string();

const batch = z.object({
  id,
  name: z.string(),
  parent: id.optional().describe('the id of the batch that it is in'),
  sent: whole.describe('members that were ever sent; a batch inside it counts as one'),
  left: whole.describe('members that wait, are delayed or in hand, and open batches inside it'),
  finished: whole,
  dead: whole.describe('members that are among the dead now'),
  cancelled: whole.describe('members that were dropped because the batch was cancelled'),
  gone: whole.describe('dead members that were removed, and waiting ones that were destroyed'),
  failedAttempts: whole,
  surplus: whole.describe('over 0: members were copied by hand, and the counts cannot be trusted'),
  sealed: z.boolean().describe('true: nothing more comes from outside'),
  done: z.boolean().describe('true: the batch is complete'),
  fired: z.boolean().describe('true: its `then` was sent'),
  cancelReason: z.string().optional().describe('why it was cancelled'),
  openedAt: msSince1970,
  doneAt: msSince1970.optional(),
  at: msSince1970.describe('when these values were read'),
});

const settings = z.object({
  onDead: z.enum(['wait', 'continue', 'cancel']),
  maxDead: z.union([whole, z.string()]).optional(),
  keepMs: whole,
  elevated: z.enum(['wait', 'done']),
  then: z.string().optional().describe('the queue that its `then` is sent to'),
});

const failures = z.object({
  looked: whole.describe('how many of its dead were examined; some hundred at most'),
  groups: z.array(
    z.object({
      queue: z.string(),
      why: z.string().describe('failed, dropped, abandoned, over its time limit, …'),
      error: z.string().optional().describe('the message of the error, with # for each number in it'),
      count: whole,
      serials: z.array(z.string()).describe('some of them'),
      lastAt: msSince1970.describe('when the latest of them died'),
    }),
  ),
});

export const batchPage = z.object({ total: whole.describe('how many batches there are'), batches: z.array(batch) });
export const batchDetail = z.object({
  batch,
  settings,
  failures,
  children: z.array(batch).describe('the batches in it, by id'),
  next: id.optional().describe('the value of `after` for the next page, where more follow'),
});
export const cancelledBatch = z.object({
  cancelled: z.literal(true),
  left: whole.describe('members that will be dropped by those who take them'),
});
export const retried = z.object({ requeued: whole });
