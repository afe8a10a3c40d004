/** A client that holds or delays marbles warns once that no Monitor watches; any other client is silent. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { Counter, Histogram, Registry } from 'prom-client';
import { LOOKS } from './expect-monitor.js';
import { bus, marbleOf, peek } from './testing.js';

const standard = { ...LOOKS };
let warnings: { text: string; about: unknown }[];
const ofNoMonitor = () => warnings.filter(({ about }) => (about as { code?: string }).code === 'MR_NO_MONITOR');

beforeEach(() => {
  warnings = [];
  const noted = (text: string | Error, about: unknown) => void warnings.push({ text: String(text), about });
  jest.spyOn(process, 'emitWarning').mockImplementation(noted);
  LOOKS.everyMs = 20;
});
afterEach(() => {
  jest.restoreAllMocks();
  Object.assign(LOOKS, standard);
});

/** Waits for as long as the looks of another client would take, by counting round trips. */
const looked = (turns: number) => until('time passes', () => turns-- < 0, { everyMs: LOOKS.everyMs });

test('it is said after 30 s', () => expect(standard.everyMs * standard.vain).toBe(30_000));

test.each([
  ['waits', (client: ReturnType<typeof marbleOf>) => void client.wait('q').catch(() => undefined)],
  ['delays', (client: ReturnType<typeof marbleOf>) => client.send('q', 1, { delayMs: 60_000 })],
  ['works', (client: ReturnType<typeof marbleOf>) => void client.work('q', () => undefined)],
  ['delays many', (client: ReturnType<typeof marbleOf>) => client.sendMany('q', [1, 2], { delayMs: 60_000 })],
])('a client that %s says it once, with what to do', async (_, act) => {
  const [one, other] = [marbleOf(), marbleOf()];
  await act(one);
  await act(other);
  const [warning] = await until('it is said', () => ofNoMonitor().length > 0 && ofNoMonitor());
  expect(warning!.text).toContain(`MARBLERUN_RUN=${bus.run} npx @marblerun/monitor`);
  await looked(3 * LOOKS.vain);
  expect(ofNoMonitor()).toHaveLength(1);
});

test('a client that only sends says nothing, and does not look', async () => {
  const marble = marbleOf();
  await marble.send('q', 1);
  await looked(3 * LOOKS.vain);
  expect(ofNoMonitor()).toEqual([]);
});

test('it is not said while a Monitor watches; when that falls silent, it is', async () => {
  const marble = marbleOf();
  await peek.watchers.note('host:1', '1.2.3');
  await marble.send('q', 1, { delayMs: 60_000 });
  await looked(3 * LOOKS.vain);
  expect(ofNoMonitor()).toEqual([]);
  expect((await marble.status()).monitors).toMatchObject([{ name: 'host:1', version: '1.2.3' }]);
  await peek.watchers.leave('host:1', '1.2.3');
  await until('it is said', () => ofNoMonitor().length > 0);
});

test('closed clients look no longer', async () => {
  const marble = marbleOf();
  await marble.send('q', 1, { delayMs: 60_000 });
  await marble.close();
  await looked(3 * LOOKS.vain);
  expect(ofNoMonitor()).toEqual([]);
});

test('a client with metrics counts it for as long as it lasts, from 0 on, also when it has been said', async () => {
  const registry = new Registry();
  const marble = marbleOf({ metrics: { registry, Counter, Histogram } });
  const count = async () => {
    const text = await registry.getSingleMetricAsString('marblerun_client_no_monitor_total');
    return Number(/^marblerun_client_no_monitor_total\{run="[^"]+"\} (\d+)$/m.exec(text)![1]);
  };
  await peek.watchers.note('host:1', '1.2.3');
  await marble.send('q', 1, { delayMs: 60_000 });
  await looked(3 * LOOKS.vain);
  expect(await count()).toBe(0);
  await peek.watchers.leave('host:1', '1.2.3');
  await until('it counts on', async () => (await count()) > LOOKS.vain);
  await peek.watchers.note('host:1', '1.2.3');
  await looked(3);
  const before = await count();
  await looked(3 * LOOKS.vain);
  expect(await count()).toBe(before);
});
