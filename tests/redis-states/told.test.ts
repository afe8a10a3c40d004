/**
 * States of Redis that are reported with a stable code, and in which nothing is touched. docs/REDIS-STATES.md has the
 * table.
 *
 * The states are real ones of a real server; only a version that is too old is written into its replies.
 */
import { networkInterfaces } from 'node:os';
import { afterEach, expect, test } from '@jest/globals';
import { Cable, until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { holdersOf, type Held } from '@marblerun/internal';
import { story } from '../story.js';
import { afterwards, allParts, becomeReplica, cleanedUp, communicator, limits, output, start } from './parts.js';

afterEach(cleanedUp);

test('OOM: send and land throw MR_REDIS_FULL and add nothing; taking, finishing, heartbeat, Monitor and lift go on', async () => {
  const { server, admin } = await start(['--maxmemory-policy', 'noeviction']);
  const all = await allParts(server.url);
  await admin.config('SET', 'maxmemory', '1');
  const outcome = await all.work();
  expect(outcome).toMatchObject({
    send: 'MR_REDIS_FULL',
    swap: { forgotten: false, taken: [{ envelope: { id: 'second' } }], refused: new Set() },
    heartbeat: [],
    monitor: { returned: 0, dead: 0 },
    lift: { entries: [{ queue: 'q' }] },
    land: 'MR_REDIS_FULL',
  });
  expect(await all.bus.dump('q')).toEqual([]);
  const [second] = (outcome.swap as { taken: Held[] }).taken;
  let committed = false;
  const swap = all.holding.swap({ finish: [{ held: second!, outputs: [output('routed')] }] });
  void swap.then(() => (committed = true));
  await until('it waits for room', () => all.bus.state === 'OOM');
  expect([committed, await all.bus.dump('q')]).toEqual([false, []]);
  await admin.config('SET', 'maxmemory', '0');
  expect(await swap).toMatchObject({ forgotten: false, refused: new Set() });
  expect((await all.bus.dump('q')).map(({ id }) => id)).toEqual(['routed']);
});

test('OOM: who waits at an empty queue is not told, and has the next marble as soon as there is one', async () => {
  const { server, admin } = await start(['--maxmemory-policy', 'noeviction']);
  const marble = new Marble({ redis: server.url });
  afterwards(() => marble.close());
  const came = marble.wait('q');
  await until('it waits', async () => /blocked_clients:1/.test(await admin.info('clients')));
  await admin.config('SET', 'maxmemory', '1');
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await until('its wait is refused', async () =>
    /cmdstat_blmove:.*rejected_calls=[1-9]/.test(await admin.info('commandstats')),
  );
  await admin.config('SET', 'maxmemory', '0');
  await marble.send('q', 'came');
  expect(await came).toBe('came');
  await marble.finish();
});

test('OOM: a loop that would take ahead from now on works all the same', async () => {
  const { server, admin } = await start(['--maxmemory-policy', 'noeviction']);
  const marble = new Marble({ redis: server.url });
  afterwards(() => marble.close());
  await marble.sendMany('q', [1, 2, 3, 4, 5, 6, 7, 8]);
  const worked: unknown[] = [];
  for (let i = 0; i < 3; i++) {
    worked.push(await marble.wait('q'));
    await marble.finish();
  }
  await admin.config('SET', 'maxmemory', '1');
  for (let i = 0; i < 5; i++) {
    worked.push(await marble.wait('q'));
    await marble.finish();
  }
  expect(worked).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(await marble.check('q')).toBeUndefined();
});

test.each([
  ['NOPERM', { rights: ['>secret', '~other:*', '+@all'], user: 'guest:secret@' }],
  ['WRONGPASS', { rights: ['>secret', '~*', '+@all'], user: 'guest:wrong@' }],
  ['NOAUTH', { rights: [], user: '' }],
])('%s is told to every part as MR_REDIS_AUTH, and nothing is touched', async (name, { rights, user }) => {
  const { server, admin } = await start();
  await admin.acl('SETUSER', 'guest', 'on', ...rights);
  if (name === 'NOAUTH') await admin.config('SET', 'requirepass', 'secret');
  const redis = `redis://${user}127.0.0.1:${server.port}`;
  const bus = communicator(redis);
  const calls = [
    bus.push([output('sent')]),
    holdersOf(bus)
      .holding(holdersOf(bus).waitingConnection(1000), {
        leaseMs: 600_000,
        timeLimitMs: 0,
        maxAttempts: 5,
        description: {},
      })
      .enter(),
    holdersOf(bus).beat([{ id: 'x', leaseMs: 1000 }], ''),
    bus.recovery.sweep(5),
    bus.laneSource('up').lift(['q'], limits),
  ];
  for (const result of await Promise.allSettled(calls))
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'MR_REDIS_AUTH' } });
});

const [outside] = Object.values(networkInterfaces()).flatMap((addresses = []) =>
  addresses.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address),
);
story('protected mode', outside === undefined ? 'this machine has no address but loopback' : '', () => {
  test.each(['', ':secret@'])(
    'DENIED is told in the words of Redis as MR_REDIS_AUTH (redis://%s…)',
    async (userinfo) => {
      const { server, admin } = await start(['--bind', '127.0.0.1', outside!, '--protected-mode', 'yes']);
      await expect(communicator(`redis://${userinfo}${outside}:${server.port}`).connect()).rejects.toMatchObject({
        code: 'MR_REDIS_AUTH',
        message: expect.stringMatching(/has no password.*: DENIED Redis is running in protected mode because/),
      });
      expect(await admin.keys('*')).toEqual([]);
      await admin.config('SET', 'requirepass', 'secret');
      await communicator(`redis://:secret@${outside}:${server.port}`).push([output('sent')]);
    },
  );
});

test('a version too old is told at the first call, with the version', async () => {
  const { server, admin } = await start();
  const cable = await Cable.to(server.url);
  afterwards(() => cable.close());
  const version = /redis_version:(\S+)/.exec(await admin.info('server'))![1]!;
  const older = `6${version.slice(1)}`;
  cable.rewrite = (reply) => Buffer.from(reply.toString('latin1').replaceAll(version, older), 'latin1');
  await expect(communicator(cable.url).push([output('sent')])).rejects.toMatchObject({
    code: 'MR_REDIS_TOO_OLD',
    message: expect.stringContaining('version 6'),
  });
  expect(await admin.keys('*')).toEqual([]);
});

test.each([
  ['a newcomer that finds a replica', 'yes'],
  ['a newcomer that finds a replica without its primary', 'no'],
])('%s is told MR_REDIS_READONLY at once', async (_name, serve) => {
  const { server, admin } = await start(['--replica-serve-stale-data', serve]);
  await becomeReplica(server, admin);
  await expect(communicator(server.url).push([output('sent')])).rejects.toMatchObject({ code: 'MR_REDIS_READONLY' });
});

test('with retryTimeoutMs a state is waited out for so long only: MR_REDIS_UNAVAILABLE, with the state', async () => {
  const { server, admin } = await start();
  const bus = communicator(server.url, 'main', { retryTimeoutMs: 300 });
  await bus.connect();
  await becomeReplica(server, admin);
  await expect(bus.push([output('sent')])).rejects.toMatchObject({
    code: 'MR_REDIS_UNAVAILABLE',
    message: expect.stringMatching(/for 300 ms \(.*(READONLY|read-only)/),
  });
});
