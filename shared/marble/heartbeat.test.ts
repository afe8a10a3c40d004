import { expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { marbleOf, peek, sweep } from './testing.js';

test('the heartbeat tells a holder that it was given up', async () => {
  const marble = marbleOf({ leaseMs: 600 });
  await marble.send('a', 1);
  await marble.wait('a');
  const signal = marble.signal!;
  const [holder] = await peek.status.holders();
  await until('it is given up, between two beats', async () => {
    await peek.recovery.expire(holder!.holder);
    return (await sweep()).silent === 1;
  });
  await until('the signal is aborted', () => signal.aborted);
  expect(signal.reason).toMatchObject({ code: 'MR_LEASE_LOST' });
});

test.each(['thread', 'loop'] as const)(
  'the heartbeat (%s) keeps a lease for longer than it lasts',
  async (heartbeat) => {
    const marble = marbleOf({ leaseMs: 1500, heartbeat });
    await marble.send('a', 1);
    await marble.wait('a');
    const first = (await peek.status.holders())[0]!.leaseUntil;
    await until('the lease has been renewed for two leases', async () => {
      expect(await sweep()).toMatchObject({ returned: 0 });
      return (await peek.status.holders())[0]!.leaseUntil > first + 3000;
    });
    await marble.finish();
  },
);

test('the heartbeat goes on while the event loop is blocked, and says for how long it was', async () => {
  const marble = marbleOf({ leaseMs: 1500 });
  await marble.send('a', 1);
  await marble.wait('a');
  const until4 = Date.now() + 4000;
  while (Date.now() < until4); // no turn of the event loop for more than two leases
  expect(await sweep()).toMatchObject({ returned: 0 });
  expect(Number((await peek.status.holders())[0]!.about['blockedMs'])).toBeGreaterThan(1000);
  await marble.finish();
});
