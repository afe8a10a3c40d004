/**
 * States of Redis that pass: every part of a client waits, and goes on by itself. docs/REDIS-STATES.md has the table.
 */
import { rm } from 'node:fs/promises';
import { afterEach, expect, test } from '@jest/globals';
import { Cable, until, type RedisServer } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { Redis } from 'ioredis';
import { afterwards, allParts, becomeReplica, cleanedUp, communicator, expectDone, start } from './parts.js';

afterEach(cleanedUp);

interface State {
  readonly args?: string[];
  readonly enter: (server: RedisServer, admin: Redis) => unknown;
  readonly leave: (server: RedisServer, admin: Redis) => unknown;
  /** The state that the connection says it waits for. */
  readonly says: RegExp;
}

const becomePrimary = (_server: RedisServer, admin: Redis) => admin.replicaof('NO', 'ONE');

const WAITED_OUT: Record<string, State> = {
  LOADING: {
    async enter(server, admin) {
      await admin.eval("for i = 1, 20000 do redis.call('SET', 'other:' .. i, i) end", 0);
      await admin.save();
      await server.kill();
      await server.restart(['--key-load-delay', '200', '--loading-process-events-interval-bytes', '1024']);
    },
    leave: () => undefined, // it ends by itself
    says: /LOADING/,
  },
  READONLY: { enter: becomeReplica, leave: becomePrimary, says: /READONLY|read-only/ },
  MASTERDOWN: {
    args: ['--replica-serve-stale-data', 'no'],
    enter: becomeReplica,
    leave: becomePrimary,
    says: /MASTERDOWN|READONLY|read-only/,
  },
  CLUSTERDOWN: {
    args: ['--cluster-enabled', 'yes'],
    enter: (_server, admin) => admin.cluster('DELSLOTSRANGE', 0, 16383),
    leave: (_server, admin) => admin.cluster('ADDSLOTSRANGE', 0, 16383),
    says: /CLUSTERDOWN/,
  },
  BUSY: {
    args: ['--busy-reply-threshold', '10'],
    enter: (server, admin) => {
      const busy = new Redis(server.url);
      afterwards(() => busy.disconnect());
      busy.eval('while true do end', 0).catch(() => undefined); // a kill ends it
      return until('it is busy', () =>
        admin.ping().then(
          () => false,
          () => true,
        ),
      );
    },
    leave: (_server, admin) => admin.script('KILL'),
    says: /BUSY/,
  },
  'maxclients reached': {
    async enter(_server, admin) {
      await admin.config('SET', 'maxclients', '1');
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    },
    leave: (_server, admin) => admin.config('SET', 'maxclients', '100'),
    says: /^max number of clients reached$/,
  },
  MISCONF: {
    async enter(server, admin) {
      await admin.config('SET', 'save', '3600 1');
      await rm(server.dir, { recursive: true });
      await admin.bgsave();
      const failed = async () => /rdb_last_bgsave_status:err/.test(await admin.info('persistence'));
      await until('it cannot save', failed);
    },
    leave: (_server, admin) => admin.config('SET', 'stop-writes-on-bgsave-error', 'no'),
    says: /MISCONF/,
  },
  'no reply (paused)': {
    enter: (server) => server.signal('SIGSTOP'),
    leave: (server) => server.signal('SIGCONT'),
    says: /timeout|ETIMEDOUT|closed|disconnected/i,
  },
  'no reply (DEBUG SLEEP)': {
    args: ['--enable-debug-command', 'yes'],
    enter: (_server, admin) => {
      void admin.call('DEBUG', 'SLEEP', '4');
    },
    leave: () => undefined, // it ends by itself
    says: /timeout|ETIMEDOUT|closed|disconnected/i,
  },
  'killed and restarted': {
    args: ['--appendonly', 'yes'],
    enter: (server) => server.kill(),
    leave: (server) => server.restart(),
    says: /ECONNREFUSED|ECONNRESET|closed|disconnected/,
  },
};

test.each(Object.entries(WAITED_OUT))('%s is waited out by every part; then all is done, once', async (name, state) => {
  const { server, admin } = await start(state.args);
  if (name === 'CLUSTERDOWN') {
    await admin.cluster('ADDSLOTSRANGE', 0, 16383);
    await until('the cluster is up', async () => /cluster_state:ok/.test(await admin.cluster('INFO')));
  }
  const all = await allParts(server.url);
  let done = false;
  await state.enter(server, admin);
  const outcome = all.work().finally(() => (done = true));
  await until('the state is seen', () => state.says.test(all.bus.state), { everyMs: 1 });
  expect(done).toBe(false);
  await state.leave(server, admin);
  await expectDone(all, await outcome);
  expect(all.bus.state).toBe('ready');
});

test('half-open connections are left after replyTimeoutMs; all is done once, also when what they held back arrives', async () => {
  const { server } = await start();
  const cable = await Cable.to(server.url);
  afterwards(() => cable.close());
  const all = await allParts(cable.url);
  cable.freeze();
  const outcome = await all.work();
  await expectDone(all, outcome);
  cable.release();
  await until('Redis has heard of the connections that were left', () => cable.orphans === 0);
  await expectDone(all, outcome);
});

test('a half-open heartbeat is left in time: the lease of a busy worker goes on', async () => {
  const { server } = await start();
  const cable = await Cable.to(server.url);
  afterwards(() => cable.close());
  const marble = new Marble({ redis: cable.url, leaseMs: 6000 });
  afterwards(() => marble.close());
  await marble.send('q', 1);
  await marble.wait('q');
  cable.freeze();
  const near = communicator(server.url);
  const from = await near.status.now();
  await until('its lease would have passed', async () => (await near.status.now()) > from + 8000);
  expect(await near.recovery.sweep(5)).toMatchObject({ returned: 0, dead: 0, silent: 0 });
  cable.cut(); // so the finish need not find out by itself that its connection is half-open
  await marble.finish();
});

test('NOSCRIPT: a script that was forgotten is sent again, without a pause for anybody', async () => {
  const { server, admin } = await start();
  const all = await allParts(server.url);
  await admin.script('FLUSH');
  await expectDone(all, await all.work());
});
