/**
 * Set-up of the tests of batches: a Marble that does not try again, and what a Monitor does for it.
 */
import { afterEach, beforeEach } from '@jest/globals';
import { until } from '@marblerun/test-support';
import type { BatchOptions } from './batch-options.js';
import type { Marble } from './marble.js';
import { marbleOf, peek } from './testing.js';

export let marble: Marble;
let promoting: NodeJS.Timeout;
beforeEach(() => {
  marble = marbleOf({ heartbeatMs: 100, leaseMs: 1000, maxAttempts: 1, retryBaseMs: 0 });
  promoting = setInterval(() => void peek.recovery.promote().catch(() => undefined), 20); // a Monitor would do this
});
afterEach(() => clearInterval(promoting));

let names = 0;
export const newName = () => `b${++names}`;
export const open = (options?: BatchOptions) => marble.batch(newName(), options);
export const then = { queue: 'then', data: { all: 'done' } };
export const depth = async (queue: string) => (await peek.dump(queue)).length;
/** Counts how often `then` has been sent, after all that is on its way has arrived. */
export async function noMore(): Promise<number> {
  await peek.recovery.promote();
  return depth('then');
}
export const fired = () => until('then is there', async () => (await depth('then')) === 1);

export async function withDead(options: BatchOptions, n = 1) {
  const batch = await open({ then, ...options });
  await batch.sendMany(
    'bad',
    Array.from({ length: n }, (_, i) => i),
  );
  await batch.send('good', 1);
  await batch.seal();
  const onError = () => undefined;
  marble.work('bad', (data) => Promise.reject(new Error(`no page ${String(data)}`)), { onError });
  await until('they are dead', async () => (await batch.progress()).dead === n);
  return batch;
}

/** Takes back, as dropped, what the only busy holder has in hand. It tries again where a heartbeat comes between. */
export async function takenBack(): Promise<void> {
  const holder = (await peek.status.holders()).find(({ held }) => held === 1)!.holder;
  await until('it is taken back', async () => {
    await peek.recovery.endLease(holder);
    const { returned, dead } = await peek.recovery.sweep(5);
    return returned + dead === 1;
  });
}
