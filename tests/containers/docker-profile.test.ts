/**
 * The stack with `--profile docker`: a worker is killed, and the Monitor, which has no socket of the engine, hears of it
 * through the proxy.
 */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { story } from '../story.js';
import { Stack, whyNoEngine } from './stack.js';

interface Holder {
  held: number;
  about: { host: string };
}

/** Sends a request through the proxy's socket, in the Node.js of a container, and prints the status of its answer. */
const ASK = (method: string, path: string) =>
  `require('http').request({ socketPath: '/run/docker-proxy/docker.sock', method: '${method}', path: '${path}' }, ({ statusCode }) => { console.log(statusCode); process.exit() }).end()`;

jest.setTimeout(600_000);

story('the stack with its Docker profile', await whyNoEngine(), () => {
  let stack: Stack;
  let marble: Marble<{ tasks: { n: number; takesMs: number } }>;

  beforeAll(async () => {
    stack = await Stack.up('profile', 'docker');
    marble = new Marble({ redis: stack.redis, run: 'main', retryTimeoutMs: 60_000 });
  });
  afterAll(async () => {
    await marble.close().finally(() => stack.down());
  });

  test('the proxy is hardened: root without the rights of root, and without a network', async () => {
    const [proxy] = await stack.containers('docker-proxy');
    expect(proxy!.info.State.Health).toMatchObject({ Status: 'healthy' });
    expect({ ...proxy!.info.HostConfig, User: proxy!.info.Config.User }).toMatchObject({
      ...{ User: '0:0', ReadonlyRootfs: true, Privileged: false, NetworkMode: 'none' },
      ...{ CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges:true'], PidsLimit: 50 },
    });
    const [monitor] = await stack.containers('monitor');
    expect(monitor!.info.Mounts.map(({ Source }) => Source).join()).not.toContain('docker.sock');
    const asked = async (method: string, path: string) =>
      (await stack.node(monitor!.container, ASK(method, path))).split('\n')[0];
    expect(await asked('GET', '/containers/json')).toBe('200');
    for (const [method, path] of [
      ['GET', '/images/json'],
      ['GET', `/containers/${proxy!.info.Id}/json`],
      ['POST', `/containers/${proxy!.info.Id}/stop`],
      ['POST', '/containers/create'],
    ] as const)
      expect(await asked(method, path)).toBe('403');
  });

  test('what a killed worker held is back at once, long before its lease', async () => {
    await until(
      'the engine is heard',
      async () => (await stack.metric('monitor', 'marblerun_docker_up{run="main"}')) === 1,
    );
    // Other stacks of these tests run on the same engine, with workers of a run of the same name.
    await until('its workers are known', async () => {
      return ((await stack.metric('monitor', 'marblerun_containers{run="main",state="running"}')) ?? 0) >= 2;
    });
    await marble.send('tasks', { n: 7, takesMs: 600_000 });
    const holding = async () =>
      ((await stack.get('monitor', '/api/runs/main/holders')) as Holder[]).find(({ held }) => held > 0);
    const { about } = await until('a worker has it', holding, { deadlineMs: 60_000 });
    await until('both workers are seen', async () => {
      return (await stack.metric('monitor', 'marblerun_processes{run="main",missed_by="connection"}')) === 2;
    });
    const workers = await stack.containers('worker');
    const { container } = workers.find(({ info }) => info.Config.Hostname === about.host)!;
    await container.kill();
    await until('it is taken back by what Docker tells', async () => {
      return (await stack.metric('monitor', 'marblerun_recovery_total{run="main",by="docker"}')) === 1;
    });
    await until('the other worker has it', async () => ((await holding())?.about.host ?? about.host) !== about.host);
  });
});
