/**
 * The stack in real containers: `docker compose up --build` works with no step before it, and a worker is killed in its
 * work.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Marble } from 'marblerun';
import { IMAGES } from '../sbom.js';
import { story } from '../story.js';
import { LOOK_INSIDE } from './inside.js';
import { assetsOf } from './page.js';
import { Stack, whyNoEngine, type Service } from './stack.js';

interface Task {
  n: number;
  takesMs?: number;
}
interface Result {
  n: number;
  square: number;
  worker: string;
  attempt: number;
}
interface Holder {
  held: number;
  about: { host: string };
}

const SERVICES = ['elevator', 'monitor', 'redis', 'upper-worker', 'users', 'worker', 'worker'];
const OURS = SERVICES.filter((service) => !['redis', 'users'].includes(service));
const PAGE_FILES = readdirSync(new URL('../../../services/monitor/dashboard/', import.meta.url))
  .filter((name) => name !== 'index.html')
  .map((name) => `/${name}`);
const PAGE_TYPES: Record<string, RegExp> = {
  ...{ html: /^text\/html; charset=utf-8$/, css: /^text\/css; charset=utf-8$/ },
  ...{ js: /^application\/javascript; charset=utf-8$/, svg: /^image\/svg\+xml$/ },
};
const PATIENT = { deadlineMs: 120_000, everyMs: 200 };

/** Returns the commit of the checkout that the images are built from. */
const commit = () => {
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  return execFileSync('git', ['rev-parse', 'HEAD'], { cwd, encoding: 'utf8' }).trim();
};

jest.setTimeout(600_000);

story('the stack in containers', await whyNoEngine(), () => {
  let stack: Stack;
  let marble: Marble<{ tasks: Task; results: Result; kept: string }>;

  beforeAll(async () => {
    stack = await Stack.up('stack');
    marble = new Marble({ redis: stack.redis, run: 'main', retryTimeoutMs: 60_000 });
  });
  afterAll(async () => {
    await marble.close().finally(() => stack.down());
    expect(await stack.containers()).toEqual([]);
  });

  const result = async (from = marble) => {
    const found = await from.wait('results', { timeoutMs: 120_000 });
    await from.finish();
    return found;
  };
  const holding = async () => {
    const holders = (await stack.get('monitor', '/api/runs/main/holders')) as Holder[];
    return holders.filter(({ held }) => held > 0).map(({ about }) => about.host);
  };
  const counted = (event: string) => `marblerun_marbles_total{run="main",queue="tasks",event="${event}"}`;
  const count = (event: string) => stack.metric('monitor', counted(event));
  /** Waits for a figure. A service reads them again after four times as long as a reading took, so they may lag. */
  const shows = (service: Service, series: string, figure: number) =>
    until(`${series} is ${figure}`, async () => (await stack.metric(service, series)) === figure, PATIENT);

  test('every service is up and healthy', async () => {
    const containers = await stack.containers();
    expect(containers.map(({ service }) => service).sort()).toEqual(SERVICES);
    for (const { service, info } of containers)
      expect([service, info.State]).toMatchObject([
        service,
        service === 'users' ? { Status: 'exited', ExitCode: 0 } : { Health: { Status: 'healthy' } },
      ]);
    expect(await stack.get('monitor', '/health/ready')).toMatchObject({ status: 'ready' });
    expect(await stack.get('elevator', '/health/ready')).toMatchObject({ status: 'ready' });
  });

  test('every container is hardened: no root, nothing to write to, no capabilities, limits', async () => {
    for (const { service, info } of await stack.containers()) {
      if (service === 'users') continue; // it has ended; it was root on new volumes, without any other right of root
      expect({ service, ...info.HostConfig, User: info.Config.User }).toMatchObject({
        ...{ service, User: service === 'redis' ? 'redis' : 'node', ReadonlyRootfs: true, Privileged: false },
        ...{ CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges:true'], RestartPolicy: { Name: 'unless-stopped' } },
        ...{ PidsLimit: 100, Memory: expect.any(Number), NanoCpus: 1e9 },
      });
      expect(info.HostConfig.CapAdd ?? []).toEqual([]);
      expect(info.HostConfig.Memory).toBeGreaterThan(0);
      expect(info.Config.Healthcheck?.Test?.[0]).toBe('CMD'); // no shell is used
    }
  });

  test('our images run as PID 1 without rights, and hold no package manager', async () => {
    for (const { service, container } of await stack.containers()) {
      if (!OURS.includes(service)) continue;
      const seen = JSON.parse(await stack.node(container, LOOK_INSIDE)) as Record<string, unknown>;
      expect({ service, ...seen }).toEqual({
        ...{ service, npm: false, tests: false, write: 'EROFS' },
        status: expect.stringMatching(/^Uid:\s+1000\s+1000\s/m),
      });
      expect(seen['status']).toMatch(/^CapEff:\s+0+$/m);
      expect(seen['status']).toMatch(/^NoNewPrivs:\s+1$/m);
    }
  });

  test('each part has a Redis user of its own, with its rights and no more; nobody gets in without a password', async () => {
    const admin = new Redis(stack.redis);
    try {
      const clients = String(await admin.client('LIST'));
      const users = new Set([...clients.matchAll(/ user=(\S+)/g)].map(([, user]) => user));
      users.delete('admin');
      expect([...users].sort()).toEqual(['elevator', 'monitor', 'upper-worker', 'worker']);
      const may = async (user: string, ...command: string[]) =>
        (await admin.call('ACL', 'DRYRUN', user, ...command)) === 'OK';
      expect(await may('worker', 'GET', 'mr:{main}:layout')).toBe(true);
      expect(await may('worker', 'GET', 'mr:{upper}:layout')).toBe(false);
      expect(await may('upper-worker', 'GET', 'mr:{main}:layout')).toBe(false);
      expect(await may('monitor', 'CONFIG', 'SET', 'maxmemory', '1')).toBe(false);
    } finally {
      admin.disconnect();
    }
    const [redis] = await stack.containers('redis');
    const stranger = new Redis({
      port: Number(new URL(stack.redis).port),
      host: '127.0.0.1',
      retryStrategy: () => null,
    });
    await expect(stranger.ping()).rejects.toThrow(/NOAUTH/);
    stranger.disconnect();
    expect(redis!.info.Config.Env.join()).not.toMatch(/password/i);
  });

  test('our images say what they are made of, and have the license', async () => {
    for (const image of IMAGES) {
      const [one] = await stack.containers(image);
      expect(one!.info.Config.Labels).toMatchObject({
        'org.opencontainers.image.version': '0.1.0',
        'org.opencontainers.image.revision': expect.stringMatching(new RegExp(`^${commit()}(-dirty)?$`)),
        'org.opencontainers.image.source': expect.stringMatching(/./),
      });
      expect(await stack.node(one!.container, "fs.readFileSync('/app/LICENSE', 'utf8').slice(0, 11)")).toBe(
        'MIT License',
      );
    }
  });

  test('the page of the Monitor is whole: all that it refers to is served as what it is, under a strict policy', async () => {
    const assets = await assetsOf(stack.url('monitor'));
    expect(assets.map(({ path }) => path).sort()).toEqual(['/', ...PAGE_FILES]);
    for (const { path, status, type, policy } of assets) {
      const kind = path === '/' ? 'html' : path.split('.').pop()!;
      expect({ path, status, type, policy }).toEqual({
        ...{ path, status: 200, type: expect.stringMatching(PAGE_TYPES[kind]!) },
        policy: expect.stringMatching(/^default-src 'none';script-src 'self';.*;require-trusted-types-for 'script'/),
      });
      expect(policy).not.toMatch(/unsafe|\*|http|data:/);
    }
  });

  test('Redis keeps what it has: append-only file on a volume, written each second, no eviction', async () => {
    expect(await stack.get('monitor', '/api/runs')).toContainEqual(
      expect.objectContaining({
        run: 'main',
        redis: expect.objectContaining({
          ...{ appendonly: true, appendfsync: 'everysec', maxmemoryPolicy: 'noeviction', maxBytes: 268_435_456 },
        }),
      }),
    );
    expect(await stack.metric('monitor', 'marblerun_redis_max_bytes{run="main"}')).toBe(268_435_456);
    expect(await stack.metric('monitor', 'marblerun_redis_used_bytes{run="main"}')).toBeGreaterThan(100_000);
    const [redis] = await stack.containers('redis');
    expect(redis!.info.Mounts).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ Type: 'volume', Destination: '/data', RW: true }),
        expect.objectContaining({ Type: 'volume', Destination: '/users', RW: false }),
      ]),
    );
  });

  test('a marble held by a worker that is killed returns, and another worker finishes it', async () => {
    expect([await count('dropped'), await holding()]).toEqual([undefined, []]);
    await marble.send('tasks', { n: 12, takesMs: 8000 });
    const host = await until('a worker holds it', async () => (await holding())[0], PATIENT);
    await shows('monitor', 'marblerun_held{run="main",queue="tasks"}', 1);
    await stack.docker.getContainer(host).kill({ signal: 'SIGKILL' });

    const found = await result();
    expect(found).toEqual({ n: 12, square: 144, worker: expect.any(String), attempt: 2 });
    expect(found?.worker).not.toBe(host);
    await shows('monitor', counted('finished'), 1);
    expect([await count('dropped'), await count('returned'), await count('finished')]).toEqual([1, 1, 1]);
    await shows('monitor', 'marblerun_recovery_seconds_count{run="main"}', 1);
    await stack.docker.getContainer(host).start();
    await until(
      'all workers are back',
      async () => {
        const workers = await stack.containers('worker');
        return workers.every(({ info }) => info.State.Health?.Status === 'healthy');
      },
      PATIENT,
    );
  });

  test('what is too large for the run is carried up by the Elevator and done there', async () => {
    const upper: typeof marble = new Marble({ redis: stack.redis, run: 'upper' });
    const landed = 'marblerun_lane_marbles_total{lane="main-to-upper",event="landed"}';
    expect(await stack.metric('elevator', landed)).toBe(0);
    await marble.send('tasks', { n: 2000 });
    expect(await result(upper)).toMatchObject({ n: 2000, square: 4_000_000, attempt: 1 });
    await shows('elevator', landed, 1);
    await shows('elevator', 'marblerun_lane_depth{lane="main-to-upper"}', 0);
    await upper.close();
  });

  test('Redis killed and started again has forgotten nothing, and all go on by themselves', async () => {
    await marble.send('kept', 'acknowledged');
    const [redis] = await stack.containers('redis');
    const address = `127.0.0.1:${stack.env['REDIS_PORT']}\n`;
    expect(await stack.compose('port', 'redis', '6379')).toBe(address);
    await redis!.container.kill({ signal: 'SIGKILL' });
    await until(
      'the Monitor is not ready',
      () =>
        stack.get('monitor', '/health/ready').then(
          () => false,
          (error: unknown) => String(error).includes('503'),
        ),
      PATIENT,
    );
    await redis!.container.start();
    expect(await stack.compose('port', 'redis', '6379')).toBe(address); // the port was asked for, so it stays
    expect(await marble.wait('kept', { timeoutMs: 120_000 })).toBe('acknowledged');
    await marble.finish();
    await marble.send('tasks', { n: 3 });
    expect(await result()).toMatchObject({ n: 3, square: 9 });
    await until(
      'both services are ready',
      () => Promise.all([stack.get('monitor', '/health/ready'), stack.get('elevator', '/health/ready')]),
      PATIENT,
    );
  });

  test('SIGTERM ends every service in order, with code 0, within its grace period; held work is finished first', async () => {
    await marble.send('tasks', { n: 7, takesMs: 3000 });
    await until('a worker holds it', async () => (await holding()).length > 0, PATIENT);
    for (const service of ['worker', 'upper-worker', 'monitor', 'elevator', 'redis']) {
      if (service === 'redis') {
        expect(await result()).toMatchObject({ n: 7, square: 49, attempt: 1 });
        await marble.close();
      }
      await stack.compose('stop', service);
      for (const { info } of await stack.containers(service)) {
        expect([service, info.State.Status, info.State.ExitCode, info.State.OOMKilled]).toEqual([
          service,
          'exited',
          0,
          false,
        ]);
      }
    }
  });
});
