/**
 * A compose service is scaled on a real engine: up to its limit under load, down when idle, and compose goes on to know
 * its containers. What people do to it meanwhile is respected.
 */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { startMonitor, type MonitorOptions, type RunningMonitor } from '@marblerun/monitor';
import { freePort, until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { story } from '../story.js';
import { EngineProxy } from './engine-proxy.js';
import { SmallStack, workerEnv } from './small-stack.js';
import { whyNoEngine } from './stack.js';

interface Queues {
  in: { n: number; do: 'finish'; ms: number };
  out: number;
}
interface Shown {
  readonly scaled: readonly {
    service: string;
    running: number;
    wanted?: number;
    state: string;
    isTrouble: boolean;
    ending: unknown[];
    last?: { direction: string; container: string };
  }[];
}

jest.setTimeout(300_000);
const THREE = ['worker-1', 'worker-2', 'worker-3'];
const PATIENT = { deadlineMs: 90_000, everyMs: 100 };
const [MIN, MAX, TARGET] = ['1', '3', '2'];
const LABELS = {
  'marblerun.run': 'main',
  'marblerun.scale.min': MIN,
  'marblerun.scale.max': MAX,
  'marblerun.scale.target': TARGET,
};
const WORKER = { labels: LABELS, environment: workerEnv() };
const SCALE: MonitorOptions = { scale: 'on', scaleUpMs: 500, scaleDownMs: 1500, logLevel: 'silent' };

story('scaling a compose service', await whyNoEngine(), () => {
  let stack: SmallStack;
  let marble: Marble<Queues>;
  let proxy: EngineProxy;
  const monitors: RunningMonitor[] = [];

  beforeAll(async () => {
    stack = await SmallStack.up('scaling', { worker: WORKER });
    marble = new Marble({ redis: stack.redis, run: 'main' });
    proxy = await EngineProxy.start('scale');
    const options = { redis: stack.redis, run: 'main', port: 0, docker: proxy.address, ...SCALE };
    for (let i = 0; i < 2; i++) monitors.push(await startMonitor(options));
  });
  afterAll(async () => {
    await Promise.all(monitors.map((monitor) => monitor.stop()));
    await Promise.all([marble.close(), proxy.stop()]);
    await stack.down();
  });

  const get = (i: number, path: string) => fetch(monitors[i]!.url! + path);
  const shown = async () => ((await (await get(0, '/api/runs/main/containers')).json()) as Shown).scaled[0];
  /** Adds up the steps of both Monitors in a direction. */
  const steps = async (direction: string) => {
    const texts = await Promise.all([0, 1].map(async (i) => (await get(i, '/metrics')).text()));
    const series = new RegExp(`^marblerun_scale_steps_total\\{run="main",direction="${direction}"\\} (\\d+)$`, 'm');
    return texts.reduce((sum, text) => sum + Number(series.exec(text)![1]), 0);
  };
  const queue = async () => (await marble.status()).queues.find(({ queue }) => queue === 'in')!;
  const send = (ns: readonly number[], ms: number) =>
    marble.sendMany(
      'in',
      ns.map((n) => ({ n, do: 'finish' as const, ms })),
    );
  const results: number[] = [];
  const done = async (ns: readonly number[]) => {
    const collector = marble.work('out', (n) => void results.push(n));
    await until('all is done', () => ns.every((n) => results.includes(n)), PATIENT);
    await collector.stop();
    expect(results.splice(0).sort((a, b) => a - b)).toEqual(ns);
  };
  const numbers = (from: number, n: number) => Array.from({ length: n }, (_, i) => from + i);
  const says = (what: RegExp, meanwhile?: () => Promise<void>) =>
    until(
      `it says ${what}`,
      async () => {
        await meanwhile?.();
        const { state } = (await shown())!;
        expect(state).toMatch(what);
        return true;
      },
      PATIENT,
    );
  const runs = (names: readonly string[], meanwhile?: () => Promise<void>) =>
    until(
      `${names.join(', ')} run`,
      async () => {
        await meanwhile?.();
        return (await stack.running('worker')).join() === names.join();
      },
      PATIENT,
    );
  /** Sends more work whenever little waits, until three work: an engine may take long. Returns all that was sent. */
  const threeRun = async (from: number, ms: number) => {
    const sent: number[] = [];
    await runs(THREE, () => more(sent, from, ms));
    return sent;
  };
  const more = async (sent: number[], from: number, ms: number) => {
    if ((await queue()).depth > 20) return;
    const next = numbers(from + sent.length, 10);
    sent.push(...next);
    await send(next, ms);
  };
  /** Waits until there are these containers, running or not, and none else. */
  const there = (n: number) =>
    until(`${n} are there`, async () => (await stack.containers('worker')).length === n, PATIENT);

  test('up to the limit under load, down when idle: each step once, and no marble lost or done twice', async () => {
    const sent = numbers(0, 120);
    await send(sent, 300);
    await runs(THREE);
    expect(await shown()).toMatchObject({ running: 3, wanted: 3, last: { direction: 'up' } });
    const ps = await stack.compose('ps', '--format', '{{.Service}} {{.Name}} {{.Image}} {{.State}}');
    for (const i of [1, 2, 3])
      expect(ps).toContain(`worker ${stack.project}-worker-${i} node:24-bookworm-slim running\n`);
    const held = await until('all three work', async () => (await queue()).held >= 3, PATIENT);
    expect(held).toBe(true);
    await done(sent);
    await there(1);
    await runs(['worker-1']);
    expect(await queue()).toMatchObject({ counts: { sent: 120, finished: 120, dropped: 0, returned: 0, failed: 0 } });
    expect([await steps('up'), await steps('down')]).toEqual([2, 2]);
  });

  test('one that is ended while it works finishes what it has in hand', async () => {
    const long = numbers(200, 9);
    await send(long, 5000);
    await runs(THREE);
    await until('one is asked to end', async () => ((await shown())?.ending.length ?? 0) > 0, PATIENT);
    expect((await queue()).held).toBe(3); // each works on one
    await done(long);
    await there(1);
    expect(await queue()).toMatchObject({ counts: { dropped: 0, returned: 0, failed: 0 } });
  });

  test('one that a person ends takes its place, and works again when it is started', async () => {
    const sent = numbers(400, 60);
    await send(sent, 500);
    await runs(THREE);
    await until('it works for a while', async () => (await queue()).counts.finished > 130, PATIENT);
    const [, second] = await stack.containers('worker');
    await stack.docker.getContainer(second!.Id).stop();
    await says(/worker-2 (takes a place of the 3 that are allowed|ended \d{1,4} ms after its start)/);
    expect(await shown()).toMatchObject({ running: 2, wanted: 3, isTrouble: true });
    await stack.docker.getContainer(second!.Id).start();
    await runs(THREE);
    await done(sent);
    await there(1);
  });

  test('a service that a person has stopped is left alone, and is looked after again when it is started', async () => {
    await stack.compose('stop');
    await stack.compose('up', '--detach', '--wait', 'redis');
    await send(numbers(500, 20), 300);
    await says(/none of its containers runs/);
    expect([await stack.running('worker'), (await shown())!.isTrouble]).toEqual([[], true]);
    await stack.compose('start', 'worker');
    const sent = await threeRun(520, 300);
    await done([...numbers(500, 20), ...sent]);
    await there(1);
  });

  test('while containers of two settings run nothing is done; after "up" it goes on with the new ones', async () => {
    stack.write({ worker: { ...WORKER, environment: workerEnv({ CHANGED: '1' }) } });
    await stack.compose('up', '--detach', '--no-recreate', '--scale', 'worker=2');
    await says(/worker-1 and \S+worker-2 were made with different settings/);
    const before = [await steps('up'), await steps('down')];
    await send(numbers(600, 20), 300);
    await says(/were made with different settings/);
    expect([await steps('up'), await steps('down')]).toEqual(before);
    await stack.compose('up', '--detach'); // makes all anew, as many as the file says: one
    const sent = await threeRun(620, 300);
    for (const { Config } of await stack.containers('worker')) expect(Config.Env).toContain('CHANGED=1');
    await done([...numbers(600, 20), ...sent]);
    await there(1);
  });

  test('labels that make no sense are told, and are heeded again when they do', async () => {
    stack.write({ worker: { ...WORKER, labels: { ...LABELS, 'marblerun.scale.max': '0' } } });
    await stack.compose('up', '--detach');
    await says(/worker-1: label marblerun.scale.max: "0" is not allowed; allowed: a whole number from 1 to 1000/);
    expect((await get(0, '/health/ready')).status).toBe(200);
    stack.write({ worker: WORKER });
    await stack.compose('up', '--detach');
    await says(/as many run as are wanted/);
  });

  test('a container that ends at once is not made again and again', async () => {
    // the first to come is the only one that finds the mark missing
    const onlyOnce = 'test -e /mark/is && exit 1; touch /mark/is; exec node /app/tests/dist/programs/handlers.js';
    const volumes = [`${stack.root}:/app:ro`, 'mark:/mark'];
    stack.write({ worker: { ...WORKER, user: 'root', restart: 'no', command: ['sh', '-c', onlyOnce], volumes } }, [
      'mark',
    ]);
    await stack.compose('up', '--detach');
    const sent: number[] = [];
    await says(/worker-2 ended \d+ ms after its start/, () => more(sent, 10_000, 1000));
    await done(sent); // for some twenty seconds more
    expect((await stack.containers('worker')).map(({ Name, State }) => [Name.slice(-8), State.Status])).toEqual([
      ['worker-1', 'running'],
      ['worker-2', 'exited'],
    ]);
  });

  test('what there can be only one of is told: a port of the host', async () => {
    stack.write({ worker: { ...WORKER, ports: ['127.0.0.1:0:80'] } });
    await stack.compose('up', '--detach');
    await done(await threeRun(2000, 300)); // each has a port that is free
    await there(1);
    stack.write({ worker: { ...WORKER, ports: [`127.0.0.1:${await freePort()}:80`] } });
    await stack.compose('up', '--detach');
    await send(numbers(1000, 40), 300);
    await says(/worker-1 cannot be copied: its port 80\/tcp has the port \d+ of the host/);
    expect((await shown())!.isTrouble).toBe(true);
    await done(numbers(1000, 40));
    expect(await stack.containers('worker')).toHaveLength(1);
  });

  test('compose takes all of it down', async () => {
    stack.write({ worker: WORKER });
    await stack.compose('up', '--detach', '--remove-orphans');
    await threeRun(3000, 300);
    await stack.compose('down', '--timeout', '1');
    expect(await stack.containers('worker')).toEqual([]);
    expect(proxy.refusals).toEqual([]);
  });
});
