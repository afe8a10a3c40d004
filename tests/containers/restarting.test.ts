/** Workers that hang in containers are restarted on a real engine: one at a time, and only so many an hour. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { startMonitor, type RunningMonitor } from '@marblerun/monitor';
import { until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { story } from '../story.js';
import { EngineProxy } from './engine-proxy.js';
import { SmallStack, workerEnv } from './small-stack.js';
import { whyNoEngine } from './stack.js';

interface Queues {
  in: { n: number; do: 'finish' | 'block'; ms: number };
  out: number;
}
interface Shown {
  readonly restarts: readonly { name: string; at: number }[];
  readonly restarting: string;
}

jest.setTimeout(300_000);
const PATIENT = { deadlineMs: 90_000, everyMs: 100 };
const HOUR_MS = 3_600_000;

story('restarting workers that hang', await whyNoEngine(), () => {
  let stack: SmallStack;
  let marble: Marble<Queues>;
  let proxy: EngineProxy;
  const monitors: RunningMonitor[] = [];

  beforeAll(async () => {
    const worker = {
      labels: { 'marblerun.run': 'main', 'marblerun.restart': 'hung' },
      environment: workerEnv({ TIME_LIMIT_MS: '1000' }),
      scale: 2,
    };
    stack = await SmallStack.up('restarting', { worker });
    marble = new Marble({ redis: stack.redis, run: 'main' });
    proxy = await EngineProxy.start('restart');
    const options = { redis: stack.redis, run: 'main', port: 0, docker: proxy.address, restartsPerHour: 2 };
    for (let i = 0; i < 2; i++) monitors.push(await startMonitor({ ...options, logLevel: 'silent' }));
  });
  afterAll(async () => {
    await Promise.all(monitors.map((monitor) => monitor.stop()));
    await Promise.all([marble.close(), proxy.stop()]);
    await stack.down();
  });

  const get = (i: number, path: string) => fetch(monitors[i]!.url! + path);
  const shown = async () => (await (await get(1, '/api/runs/main/containers')).json()) as Shown;
  const counted = async () => {
    const texts = await Promise.all([0, 1].map(async (i) => (await get(i, '/metrics')).text()));
    return texts.reduce(
      (sum, text) => sum + Number(/^marblerun_container_restarts_total\{.*\} (\d+)$/m.exec(text)![1]),
      0,
    );
  };
  const starts = async () => (await stack.containers('worker')).map(({ State }) => State.StartedAt);
  const hung = async () => (await marble.status()).hung;

  test('each is restarted when the one before runs again, and the marble that hung them is charged for it', async () => {
    const before = await starts();
    await until('both wait', async () => (await marble.status()).holders === 2, PATIENT);
    await marble.send('in', { n: 1, do: 'block', ms: HOUR_MS }, { maxAttempts: 2 }); // it comes back, and hangs both
    await until('both hang', async () => (await hung()) === 2, PATIENT);
    expect(await starts()).toEqual(before);
    const first = await until('one is restarted', async () => (await shown()).restarts[0], PATIENT);
    expect((await shown()).restarts).toHaveLength(1);
    await until('the other is restarted too', async () => (await shown()).restarts.length === 2, PATIENT);
    const [, second] = (await shown()).restarts;
    expect(second!.name).not.toBe(first.name);
    const firstStart = (await stack.containers('worker')).find(({ Name }) => Name === `/${first.name}`)!.State;
    expect([firstStart.Running, before.includes(firstStart.StartedAt)]).toEqual([true, false]);
    expect(Date.parse(firstStart.StartedAt)).toBeLessThanOrEqual(second!.at); // all have the clock of this machine
    await until('both were started again', async () => (await starts()).every((at) => !before.includes(at)), PATIENT);
    await until('none hangs', async () => (await hung()) === 0, PATIENT);
    expect(await marble.status()).toMatchObject({ dead: 1 });
    expect(await counted()).toBe(2);

    await marble.send('in', { n: 2, do: 'finish', ms: 0 });
    expect(await marble.wait('out', { timeoutMs: 30_000 })).toBe(2);
    await marble.finish();
  });

  test('a third one within the hour is not restarted', async () => {
    const before = await starts();
    await marble.send('in', { n: 3, do: 'block', ms: HOUR_MS }, { maxAttempts: 1 });
    await until('it hangs', async () => (await hung()) === 1, PATIENT);
    await until('that is told', async () => (await shown()).restarting.includes('allowed: 2'), PATIENT);
    await until(
      'it has hung for long enough',
      async () => {
        const holders = (await (await get(0, '/api/runs/main/holders')).json()) as { hungMs?: number }[];
        return (holders[0]?.hungMs ?? 0) > 15_000;
      },
      PATIENT,
    );
    expect([await starts(), await counted(), proxy.refusals]).toEqual([before, 2, []]);
  });
});
