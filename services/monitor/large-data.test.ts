/** The large data of a run, as its Monitor shows and counts them. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { freshBus, redisCli, until, type Bus } from '@marblerun/test-support';
import { keysOf } from '@marblerun/internal';
import { Marble } from 'marblerun';
import { buildMonitor } from './app.js';
import { readConfig } from './config.js';

const TEXT = 'x'.repeat(50_000);
let bus: Bus;
let marble: Marble;
let monitor: ReturnType<typeof buildMonitor>;

beforeEach(() => {
  bus = freshBus();
  marble = new Marble({ ...bus, maxAttempts: 1 });
  monitor = buildMonitor(
    readConfig({ MARBLERUN_REDIS: bus.redis, MARBLERUN_RUN: bus.run, MARBLERUN_LOG_LEVEL: 'silent' }),
  );
});
afterEach(async () => {
  await marble.close();
  await monitor.server.close();
  await monitor.stop();
});

const metric = async (text: string) => (await monitor.server.inject('/metrics')).body.includes(text);

test('a dead letter is shown with the size of its data and their beginning', async () => {
  await marble.send('q', TEXT);
  await marble.wait('q');
  await marble.fail('no');
  const shown = async () => (await monitor.server.inject(`/api/runs/${bus.run}/dead`)).json<{ dead: unknown[] }>().dead;
  expect(await shown()).toMatchObject([{ bytes: 50_002, type: 'j', data: `"${'x'.repeat(999)}` }]);
  const [name] = (await redisCli(['-u', bus.redis], 'KEYS', keysOf(bus.run).data('*'))).split('\n');
  await redisCli(['-u', bus.redis], 'DEL', name!);
  expect(await shown()).toMatchObject([{ bytes: 50_002, data: '' }]);
});

test('a Monitor counts them as it begins', async () => {
  await marble.sendMany('q', [TEXT, 'small', TEXT]);
  monitor.start();
  await until('they are counted', () => metric(`marblerun_large_data{run="${bus.run}"} 2\n`));
  expect(await metric(`marblerun_large_data_searched_total{run="${bus.run}",what="unneeded"} 0\n`)).toBe(true);
});
