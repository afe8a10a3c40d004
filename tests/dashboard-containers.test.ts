/** Containers that Monitors scale and restart, and workers that hang, on the dashboard in a real browser. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Browser, EngineDouble, findBrowser, freePort, freshBus, until } from '@marblerun/test-support';
import { holdersOf, keysOf } from '@marblerun/internal';
import { Redis } from 'ioredis';
import { Communicator } from 'marblerun/communicator';
import { HARD_TO_READ } from './hard-to-read.js';
import { startMonitor } from './services.js';
import { story } from './story.js';

const HOUR_MS = 3_600_000;
const PATIENT = { deadlineMs: 60_000, everyMs: 100 };

jest.setTimeout(180_000);

const missing = findBrowser() ? '' : 'no Chromium is installed ("apt-get install chromium")';
story('containers on the dashboard in a browser', missing, () => {
  const bus = freshBus();
  const keys = keysOf(bus.run);
  const engine = new EngineDouble();
  let redis: Redis;
  let communicator: Communicator;
  let browser: Browser;
  const endings: (() => unknown)[] = [];

  /** Reads the rows of a table from the page, a list of cells each. */
  const rows = async (name: string) =>
    (await browser.evaluate(
      `[...document.querySelectorAll('[data-is="${name}"] tr')].map((row) => [...row.children].map((cell) => cell.textContent))`,
    )) as string[][];
  const isHidden = () => browser.evaluate(`document.querySelector('[data-is="containers"]').hidden`);

  function service(name: string, scale: Record<string, string>): void {
    const compose = { project: 'shop', service: name, 'container-number': '1' };
    const labels = [
      ...Object.entries(compose).map(([label, value]) => [`com.docker.compose.${label}`, value]),
      ...Object.entries(scale).map(([label, value]) => [`marblerun.scale.${label}`, value]),
      ['marblerun.run', bus.run],
    ];
    const id = String(engine.containers.length).repeat(64);
    const container = { id, name: `shop-${name}-1`, labels: Object.fromEntries(labels) as Record<string, string> };
    engine.containers.push({ ...container, state: 'running' });
  }

  /** Enters a holder that hangs. */
  async function hangs(): Promise<void> {
    const holders = holdersOf(communicator);
    const options = { leaseMs: HOUR_MS, timeLimitMs: 0, maxAttempts: 5, description: { host: 'here', pid: '7' } };
    const holding = holders.holding(holders.waitingConnection(1000), options);
    await holding.enter();
    await redis.zadd(keys.overran, Date.now() - 1000, holding.id);
    await holders.beat([{ id: holding.id, leaseMs: HOUR_MS }], '61000');
  }

  beforeAll(async () => {
    await engine.open();
    service('worker', { min: '1', max: '3', target: '10', queues: 'tasks' });
    service('wrong', { min: '4', max: '3', target: '10' });
    redis = new Redis(bus.redis);
    communicator = new Communicator(bus);
    await redis.hset(
      keys.duties,
      'restart',
      `1 1 somebody ${JSON.stringify({ restarts: [{ id: '7', name: 'shop-worker-2', at: Date.now() }], state: 'waits' })}`,
    );
    await hangs();
    const port = String(await freePort());
    const docker = { MARBLERUN_DOCKER: engine.address, MARBLERUN_SCALE: 'on' };
    const monitor = await startMonitor({
      ...{ MARBLERUN_REDIS: bus.redis, MARBLERUN_RUN: bus.run, MARBLERUN_PORT: port, ...docker },
    });
    endings.push(
      () => monitor.program.kill(),
      () => engine.remove(),
    );
    browser = await Browser.start();
    endings.push(() => browser.stop());
    await browser.open(monitor.url);
  });
  afterAll(async () => {
    for (const end of endings.reverse()) await end();
    await communicator.close();
    redis.disconnect();
  });

  test('services that are scaled are there with their numbers, and with what a person has to do', async () => {
    await until('both are there', async () => (await rows('scaled')).length === 2, PATIENT);
    expect(await isHidden()).toBe(false);
    expect(await rows('scaled')).toEqual([
      ['worker', '1', '1', '1 to 3', '0', 'as many run as are wanted', '–'],
      [
        'wrong',
        '0',
        '–',
        '–',
        '–',
        expect.stringMatching(/^Needs somebody: shop-wrong-1: label marblerun.scale.max: /),
        '–',
      ],
    ]);
  });

  test('what was restarted is there, and why no more is while something hangs', async () => {
    await until('it is there', async () => (await rows('restarts'))[0]?.[0] === 'shop-worker-2', PATIENT);
    const hint = await browser.evaluate(`document.querySelector('[data-is="restarting"]').textContent`);
    expect(hint).toBe('waits');
  });

  test('a worker that hangs is counted, and marked among the holders', async () => {
    const figure = () => browser.evaluate(`document.querySelector('[data-is="hung"]').textContent`);
    await until('one hangs', async () => (await figure()) === '1', PATIENT);
    expect((await rows('holders')).map((cells) => [cells[1], cells[6]])).toEqual([['here, pid 7', 'hangs: 61 s']]);
  });

  test.each(['light', 'dark'])('all of it can be read, %s', async (value) => {
    await browser.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
    expect(await browser.evaluate(HARD_TO_READ)).toEqual([]);
  });
});
