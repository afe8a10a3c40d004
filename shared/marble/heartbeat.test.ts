import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { freshBus, until, type Bus } from '@marblerun/test-support';
import { Communicator } from '../communicator/communicator.js';
import { Marble } from './marble.js';
import type { MarbleOptions } from './options.js';

let bus: Bus;
let peek: Communicator;
let open: { close(): Promise<void> }[];
beforeEach(() => {
  bus = freshBus();
  peek = new Communicator(bus);
  open = [peek];
});
afterEach(async () => {
  await Promise.all(open.map((one) => one.close()));
});

function marbleOf(options: MarbleOptions = {}): Marble {
  const marble = new Marble({ ...bus, ...options });
  open.push(marble);
  return marble;
}
const sweep = () => peek.recovery.sweep(5);

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
