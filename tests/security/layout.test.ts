/**
 * A run that another version has written: every part says so, and touches nothing.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildElevator, readConfig as readElevatorConfig } from '@marblerun/elevator';
import { buildMonitor, readConfig as readMonitorConfig } from '@marblerun/monitor';
import { RedisServer, redisCli, until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { LARGE_DATA_LAYOUT, LAYOUT_VERSION, keysOf } from '@marblerun/internal';

const run = 'other';
const keys = keysOf(run);
let server: RedisServer;
const ask = (...command: string[]) => redisCli(server.port, ...command);

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

/** Returns every key with its whole value, and how much has ever been written. */
async function everything(): Promise<string> {
  const names = (await ask('KEYS', '*')).split('\n').sort();
  const dumps = await Promise.all(names.map((name) => ask('DUMP', name)));
  const changes = /rdb_changes_since_last_save:\d+/.exec(await ask('INFO', 'persistence'))?.[0];
  return JSON.stringify([names, dumps, changes]);
}

describe.each([
  ['an older', '0'],
  ['a newer', String(Number(LARGE_DATA_LAYOUT) + 1)],
  ['an unknown', 'draft-7'],
])('a run of %s layout', (_what, layout) => {
  const said = new RegExp(
    `run "other" has layout ${layout}; this version reads and writes layout ${LAYOUT_VERSION}.*MR_LAYOUT`,
  );

  beforeAll(async () => {
    await ask('SET', keys.layout, layout);
    await ask('LPUSH', keys.queue('q'), 'in a way that is not ours');
    await ask('ZADD', keys.holders, '1', 'silent'); // a lease that passed long ago: a sweep would take it back
  });

  test('a Marble refuses to send, to wait, to check and to work', async () => {
    const before = await everything();
    for (const monitored of [true, false]) {
      const marble = new Marble({ redis: server.url, run, monitored });
      await expect(marble.send('q', 1)).rejects.toThrow(said);
      await expect(marble.wait('q', { timeoutMs: 1000 })).rejects.toThrow(said);
      await expect(marble.check('q')).rejects.toThrow(said);
      if (monitored) await expect(marble.work('q', () => undefined).done).rejects.toThrow(said);
      await marble.close().catch(() => undefined);
    }
    expect(await everything()).toBe(before);
  });

  test('a Monitor is live, not ready, and says why', async () => {
    const before = await everything();
    const env = {
      MARBLERUN_REDIS: server.url,
      MARBLERUN_RUN: run,
      MARBLERUN_LOG_LEVEL: 'silent',
      MARBLERUN_SWEEP_MS: '20',
    };
    const monitor = buildMonitor(readMonitorConfig({ ...env, MARBLERUN_ORPHANS_MS: '100' }));
    try {
      monitor.start();
      await until('it says why', async () =>
        said.test((await monitor.server.inject('/health/ready')).body.replaceAll('\\"', '"')),
      );
      expect((await monitor.server.inject('/health/ready')).statusCode).toBe(503);
      expect((await monitor.server.inject('/health/live')).statusCode).toBe(200);
      const refused = await monitor.server.inject(`/api/runs/${run}/queues`);
      expect([refused.statusCode, refused.json<{ type: string }>().type]).toEqual([503, 'MR_LAYOUT']);
    } finally {
      await monitor.server.close();
      await monitor.stop();
    }
    expect(await everything()).toBe(before);
  });

  test.each(['from', 'to'] as const)(
    'an Elevator that is to carry %s it is not ready, and carries nothing',
    async (end) => {
      const fine = `fine-${layout}-${end}`;
      const marble = new Marble({ redis: server.url, run: fine });
      await marble.elevate('q', 1);
      await marble.close();
      await ask('SADD', 'settled', '1'); // the count of changes is compared from here on
      const before = await ask('DUMP', keys.queue('q'));
      const lane = { name: 'up', from: fine, to: fine, [end]: run };
      const lanes = JSON.stringify({ runs: { [fine]: {}, [run]: {} }, lanes: [lane] });
      const env = { MARBLERUN_REDIS: server.url, MARBLERUN_LOG_LEVEL: 'silent', MARBLERUN_LANES: lanes };
      const elevator = buildElevator(readElevatorConfig(env));
      try {
        elevator.start();
        await until('it says why', async () =>
          said.test((await elevator.server.inject('/health/ready')).body.replaceAll('\\"', '"')),
        );
        expect((await elevator.server.inject('/health/ready')).statusCode).toBe(503);
      } finally {
        await elevator.server.close();
        await elevator.stop();
      }
      expect(await ask('DUMP', keys.queue('q'))).toBe(before);
      expect((await ask('KEYS', `mr:{${run}}:*`)).split('\n').sort()).toEqual(
        [keys.holders, keys.layout, keys.queue('q')].sort(),
      );
      const rest = end === 'to' ? [keysOf(fine).outbox('q'), keysOf(fine).transit('up')] : [keysOf(fine).outbox('q')];
      const waiting = await Promise.all(rest.map(async (key) => Number(await ask('LLEN', key))));
      expect(waiting.reduce((sum, n) => sum + n, 0)).toBe(1);
    },
  );
});

test('a fresh run gets the layout of this version, and keeps it', async () => {
  const marble = new Marble({ redis: server.url, run: 'fresh' });
  await marble.send('q', 1);
  expect(await ask('GET', keysOf('fresh').layout)).toBe(LAYOUT_VERSION);
  await marble.close();
});
