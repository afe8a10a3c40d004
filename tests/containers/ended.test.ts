/**
 * Containers of workers that end, on a real engine: what they held is back at once, whatever the lease, and nothing is
 * taken from a process that lives, whatever is told of its container.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { story } from '../story.js';
import { ContainerStage, ENGINE } from './container-stage.js';
import { whyNoEngine } from './stack.js';
import { WorkerContainers } from './worker-containers.js';

const MARBLES = 50;

jest.setTimeout(120_000);

story('containers that end', await whyNoEngine(), () => {
  let workers: WorkerContainers;
  let stage: ContainerStage;

  beforeAll(async () => {
    workers = await WorkerContainers.start('ended');
  });
  afterAll(() => workers.stop());
  beforeEach(() => {
    stage = new ContainerStage(workers);
  });
  afterEach(() => stage.clear());

  test.each(['600000', '0'])('what a killed worker held is back at once (goneMs: %s)', async (GONE_MS) => {
    const monitor = await stage.monitor(ENGINE);
    const container = await stage.worker({ env: { GONE_MS } });
    await stage.hold(MARBLES);
    const [words] = await stage.notes();
    expect(words!.at(-1)).toBe(container.id);
    expect(await monitor.containers('running')).toBe(1);
    await container.kill();
    await stage.areBack(MARBLES);
    await monitor.hasRecovered(MARBLES);
    expect(await monitor.heard('die')).toBe(1);
    expect(await monitor.recovered('lease')).toBe(0);
    expect(await stage.peek.status.holderCount()).toBe(0);
    expect(await monitor.isUp()).toBe(1);
  });

  test('what a worker held that ran out of memory is back at once', async () => {
    const monitor = await stage.monitor(ENGINE);
    const limit = 200 * 1024 * 1024;
    const host = { Memory: limit, MemorySwap: limit, Init: false };
    await stage.worker({ host, env: { CONCURRENCY: String(MARBLES + 1) } });
    await stage.hold(MARBLES);
    await stage.marble.send('in', { n: MARBLES, do: 'hoard' });
    await stage.areBack(MARBLES + 1);
    await monitor.hasRecovered(MARBLES + 1);
    expect(await monitor.heard('oom')).toBeGreaterThan(0);
  });

  test('a stop in order takes nothing: the worker has given back what it had', async () => {
    const monitor = await stage.monitor(ENGINE);
    const container = await stage.worker({ env: { DRAIN_MS: '100' } });
    await stage.hold(10, { do: 'heed' });
    await container.stop({ t: 30 });
    await monitor.hasHeard('die');
    await stage.areBack(10);
    const { counts } = await stage.status();
    expect(counts).toMatchObject({ dropped: 0, returned: 0 });
    expect(counts.released + counts.failed).toBe(10);
    expect(await monitor.heard('stop')).toBe(1);
    expect(await monitor.recovered('docker')).toBe(0);
  });

  test('a container that has the name of one that ended keeps what it has, also when the end is told late', async () => {
    const engine = await stage.path();
    const monitor = await stage.monitor(engine.address);
    const name = `${workers.prefix}-again`;
    const first = await stage.worker({ name });
    await stage.hold(5);
    await first.kill();
    await stage.areBack(5);
    await first.remove();
    await stage.worker({ name });
    await until('the other one has them', async () => (await stage.status()).held === 5);
    for (const action of ['start', 'die', 'destroy'])
      engine.tell(action, first.id, { name, 'marblerun.run': stage.run });
    await monitor.hasHeard('die', 2);
    await stage.nothingIsTaken(5, 5);
  });

  test('a container of the same id on another engine dies: the living one here keeps what it has', async () => {
    const engine = await stage.path();
    const monitor = await stage.monitor(engine.address);
    const { id } = await stage.worker();
    await stage.hold(5);
    const dies = () => {
      for (const action of ['start', 'die']) engine.tell(action, id, { name: 'clone', 'marblerun.run': stage.run });
    };
    dies();
    await monitor.hasHeard('die');
    await stage.nothingIsTaken(5);
    for (let storm = 0; storm < 20; storm++) {
      const [[connection] = []] = await stage.notes();
      dies();
      await stage.redis.call('CLIENT', 'KILL', 'ID', connection!); // it is back within some ms
      await until('it is back', async () => (await stage.notes())[0]?.[0] !== connection);
    }
    await monitor.hasHeard('die', 21);
    await stage.nothingIsTaken(5);
  });

  test('a container that ended while nobody heard is made up for, by events that are told again', async () => {
    const engine = await stage.path();
    const monitor = await stage.monitor(engine.address);
    await monitor.hears();
    const container = await stage.worker();
    await stage.hold(MARBLES);
    await engine.close();
    await until('that is shown', async () => (await monitor.detail())['docker']?.startsWith('not heard: docker:'));
    expect(await monitor.isUp()).toBe(0);
    await container.kill();
    await stage.nothingIsTaken(MARBLES);
    await engine.open();
    await stage.areBack(MARBLES);
    await monitor.hasRecovered(MARBLES);
    const warnings = monitor.program.lines.filter((line) => line.includes('"level":40') && line.includes('docker'));
    expect(warnings).toHaveLength(1);
  });

  test('a container that ended before the engine was heard at all is found by the listing', async () => {
    const engine = await stage.path();
    await engine.close();
    const monitor = await stage.monitor(engine.address);
    const container = await stage.worker();
    await stage.hold(MARBLES);
    await container.kill();
    await stage.nothingIsTaken(MARBLES);
    await engine.open();
    await stage.areBack(MARBLES);
    await monitor.hasRecovered(MARBLES);
  });

  test('a paused container lives: it is shown, and keeps what it has', async () => {
    const monitor = await stage.monitor(ENGINE);
    const container = await stage.worker();
    await stage.hold(5);
    await container.pause();
    await until('it is shown', async () => /is paused since /.test((await monitor.detail())['containers'] ?? ''));
    expect(await monitor.containers('paused')).toBe(1);
    await stage.nothingIsTaken(5);
    await container.unpause();
    await until('it is not shown any more', async () => !('containers' in (await monitor.detail())));
    await monitor.hasHeard('unpause');
    expect(await monitor.heard('pause')).toBe(1);
    expect((await stage.status()).held).toBe(5);
  });

  test('a signal is no end', async () => {
    const monitor = await stage.monitor(ENGINE);
    const container = await stage.worker({ env: { CLOSE_MS: '60000', DRAIN_MS: '60000' } });
    await stage.hold(5);
    await container.kill({ signal: 'SIGTERM' });
    await monitor.hasHeard('kill');
    await stage.nothingIsTaken(5);
    expect(await monitor.heard('die')).toBe(0);
  });
});
