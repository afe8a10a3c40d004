/**
 * Changes that a person may make to a batch: cancel it, or have its dead letters tried again.
 */
import { needsToken, problems, type Routes } from '@marblerun/service';
import { MarbleRunError } from 'marblerun';
import { retryDead } from 'marblerun/communicator';
import { z } from 'zod';
import { cancelledBatch, retried } from './api-batch-schemas.js';
import { inBatch } from './api-batches.js';
import type { Find } from './api-views.js';

const why = z
  .string()
  .regex(/^.{1,200}$/su, 'must be text of 1 to 200 characters')
  .default('cancelled by a person');
const cancelBody = z.strictObject({ reason: why }).nullish();
const retryBody = z
  .strictObject({
    then: z.boolean().default(false).describe('true: its `then` is sent once more when the batch is complete again'),
  })
  .nullish();

export function registerBatchChanges(routes: Routes, find: Find): void {
  const common = { security: needsToken, params: inBatch };
  const cancel = {
    ...{ ...common, summary: 'Cancels a batch and the batches in it', body: cancelBody },
    response: { 200: cancelledBatch, ...problems },
  };
  routes.post('/api/runs/:run/batches/:id/cancel', { schema: cancel }, async (request) => {
    const { run, id } = request.params;
    const { batches } = find(run).reports;
    if (!(await batches.cancel(id, request.body?.reason ?? why.parse(undefined))))
      throw new MarbleRunError('MR_BATCH_CLOSED', `batch ${id}: it is complete, so it can no longer be cancelled`);
    const [state] = await batches.states([id]);
    request.change = { what: 'cancel', run, batch: id, marbles: state?.left };
    return { cancelled: true as const, left: state?.left ?? 0 };
  });
  const retry = {
    ...{ ...common, summary: 'Puts the dead letters of a batch back and forgets their attempts', body: retryBody },
    response: { 200: retried, ...problems },
  };
  routes.post('/api/runs/:run/batches/:id/retry-dead', { schema: retry }, async (request) => {
    const { run, id } = request.params;
    const requeued = await retryDead(find(run).reports, id, request.body?.then);
    request.change = { what: 'retry-dead', run, batch: id, marbles: requeued };
    return { requeued };
  });
}
