/**
 * The stack in long use: Prometheus watches it and tells the truth, and everything is restarted under load.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import type { Container } from 'dockerode';
import { Marble } from 'marblerun';
import { runPage } from '../backup/page.js';
import { story } from '../story.js';
import { Stack, whyNoEngine } from './stack.js';

interface Queues {
  tasks: { n: number; takesMs?: number };
  results: { n: number; worker: string; attempt: number };
  waiting: number;
}
interface Holder {
  holder: string;
  held: number;
  about: { host: string };
}
interface Sample {
  metric: Record<string, string>;
  value: [time: number, value: string];
}

/** The compose file that the page's commands are for; here they run on the copy in its folder. */
const COMPOSE_FILE = fileURLToPath(new URL('../../../docker-compose.yml', import.meta.url));
const PATIENT = { deadlineMs: 120_000, everyMs: 200 };
const LEAST = 600; // marbles of load, however quick the restarts are
const LARGEST = 1000; // as in docker-compose.yml: larger numbers are elevated

jest.setTimeout(600_000);

story('operations in containers', await whyNoEngine(), () => {
  let stack: Stack;
  let main: Marble<Queues>;
  let upper: Marble<Queues>;

  beforeAll(async () => {
    stack = await Stack.up('operations', 'observability');
    main = new Marble({ redis: stack.redis, run: 'main', retryTimeoutMs: 60_000 });
    upper = new Marble({ redis: stack.redis, run: 'upper', retryTimeoutMs: 60_000 });
  });
  afterAll(async () => {
    await Promise.all([main.close(), upper.close()]).finally(() => stack.down());
  });

  const ask = async (query: string) => {
    const answer = await stack.get('prometheus', `/api/v1/query?query=${encodeURIComponent(query)}`);
    return (answer as { data: { result: Sample[] } }).data.result;
  };
  /** Returns the only value of a query; undefined where there is none. */
  const value = async (query: string) => {
    const [sample] = await ask(query);
    return sample && Number(sample.value[1]);
  };
  const holders = async (run = 'main') => (await stack.get('monitor', `/api/runs/${run}/holders`)) as Holder[];
  /** Resolves when the worker in a container is a holder that was not there before. */
  const comesBack = async (run: string, container: Container, before: Holder[]) => {
    const known = new Set(before.map(({ holder }) => holder));
    const isNew = ({ holder, about }: Holder) => container.id.startsWith(about.host) && !known.has(holder);
    await until('it is a holder again', async () => (await holders(run)).some(isNew), PATIENT);
  };
  /** Restarts a container; resolves when it works again. */
  const restart = async (service: string, container: Container) => {
    const run = service === 'upper-worker' ? 'upper' : 'main';
    const before = await holders(run);
    await container.restart({ t: 15 });
    if (service === 'monitor' || service === 'elevator')
      await until(`${service} is ready`, () => stack.get(service, '/health/ready'), PATIENT);
    else await comesBack(run, container, before);
  };

  test('Prometheus scrapes both services, and has read the rules', async () => {
    for (const job of ['monitor', 'elevator'])
      await until(`${job} is scraped`, async () => (await value(`up{job="${job}"}`)) === 1, PATIENT);
    const { data } = (await stack.get('prometheus', '/api/v1/rules')) as {
      data: { groups: { rules: { name: string; health: string }[] }[] };
    };
    const rules = data.groups.flatMap((group) => group.rules);
    expect(rules.map(({ name }) => name)).toContain('MarbleRunNoMonitor');
    expect(await value('min(marblerun_sweep_age_seconds{run="main"})')).toBeLessThan(10);
    await until('no alert is about', async () => (await ask('ALERTS{alertstate="firing"}')).length === 0, PATIENT);
  });

  test('Prometheus tells the depth of a queue, and how long its next marble has waited', async () => {
    const depth = 'max(marblerun_queue_depth{run="main", queue="waiting"})';
    expect(await value(depth)).toBeUndefined();
    const sentAt = Date.now();
    for (const n of [1, 2, 3, 4, 5]) await main.send('waiting', n);
    await until('it knows of five', async () => (await value(depth)) === 5, PATIENT);
    const oldest = await until(
      'it waits',
      () => value('max(marblerun_queue_oldest_seconds{run="main", queue="waiting"})'),
      PATIENT,
    );
    expect(oldest).toBeLessThanOrEqual((Date.now() - sentAt) / 1000 + 1);

    expect(await main.check('waiting')).toBe(1);
    await main.finish();
    await until('it knows of four', async () => (await value(depth)) === 4, PATIENT);
    expect(await value('max(marblerun_marbles_total{run="main", queue="waiting", event="sent"})')).toBe(5);
  });

  test('Prometheus sees a worker fall silent, and its marble recovered: once, and when the Monitor says so', async () => {
    const [age, recovered] = [
      'max by (holder) (marblerun_heartbeat_age_seconds{run="main"})',
      'sum(marblerun_recovery_seconds_count{run="main"})',
    ];
    const before = await holders();
    expect(before).toHaveLength(3); // two workers, and this process
    await until(
      'it hears of all',
      async () => {
        const ages = new Map(
          (await ask(age)).map(({ metric, value: [, seconds] }) => [metric['holder'], Number(seconds)]),
        );
        return before.every(({ holder }) => (ages.get(holder) ?? Infinity) < 15);
      },
      PATIENT,
    );
    expect(await value(recovered)).toBe(0);

    await main.send('tasks', { n: 12, takesMs: 8000 });
    const { holder, about } = await until(
      'a worker holds it',
      async () => (await holders()).find(({ held }) => held > 0),
      PATIENT,
    );
    const [worker] = (await stack.containers('worker')).filter(({ container }) => container.id.startsWith(about.host));
    await worker!.container.pause();
    const pausedAt = Date.now();
    const silent = await until(
      'its silence shows',
      async () => {
        const sample = (await ask(age)).find(({ metric }) => metric['holder'] === holder);
        return sample && Number(sample.value[1]) > 8 && sample;
      },
      PATIENT,
    );
    // its last heartbeat may be a lease older than the pause
    expect(Number(silent.value[1])).toBeLessThan((Date.now() - pausedAt) / 1000 + 15);

    const result = await main.wait('results', { timeoutMs: 120_000 });
    await main.finish();
    expect(result).toMatchObject({ n: 12, attempt: 2 });
    expect(result?.worker).not.toBe(about.host);
    await until('the recovery shows', async () => (await value(recovered)) === 1, PATIENT);
    expect(await value('sum(marblerun_recovery_seconds_sum{run="main"})')).toBe(
      await stack.metric('monitor', 'marblerun_recovery_seconds_sum{run="main"}'),
    );
    await worker!.container.unpause();
    await comesBack('main', worker!.container, before);
    expect(await main.check('results')).toBeUndefined(); // the result of the silent worker was refused
  });

  test('every service and worker is restarted under load, and nothing is lost or done twice', async () => {
    const counts = new Map<number, number>();
    const collect = ({ n }: Queues['results']) => void counts.set(n, (counts.get(n) ?? 0) + 1);
    const collectors = [main, upper].map((marble) => marble.work('results', collect, { concurrency: 20 }));

    let [sent, restarting] = [0, true];
    const load = (async () => {
      for (; restarting || sent < LEAST; sent++) {
        await main.send('tasks', { n: sent % 2 === 0 ? -sent : LARGEST + sent, takesMs: 50 });
        await sleep(5); // sets the pace of the load
      }
    })();
    for (const { service, container, info } of await stack.containers()) {
      if (['redis', 'prometheus', 'users'].includes(service)) continue;
      await restart(service, container);
      expect((await container.inspect()).State.StartedAt).not.toBe(info.State.StartedAt);
    }
    restarting = false;
    await load;
    expect(sent).toBeGreaterThanOrEqual(LEAST);
    await until('all results are there', () => counts.size === sent, PATIENT);

    expect([...counts].filter(([, count]) => count !== 1)).toEqual([]);
    expect([...counts.keys()].filter((n) => n > LARGEST).length).toBe(Math.floor(sent / 2));
    await until(
      'nothing is held',
      async () => (await stack.metric('monitor', 'marblerun_held{run="main",queue="tasks"}')) === 0,
      PATIENT,
    );
    for (const run of ['main', 'upper']) {
      expect(await stack.metric('monitor', `marblerun_queue_depth{run="${run}",queue="tasks"}`)).toBe(0);
      expect(await stack.metric('monitor', `marblerun_dead{run="${run}"}`)).toBe(0);
    }
    const lane = 'marblerun_lane_depth{lane="main-to-upper"}';
    expect([
      await stack.metric('elevator', lane),
      await stack.metric('elevator', 'marblerun_lane_up{lane="main-to-upper"}'),
    ]).toEqual([0, 1]);
    await Promise.all(collectors.map((collector) => collector.stop()));
  });

  test('the stack is restored from a copy by the commands of the page, under its own users, and goes on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'marblerun-backup-'));
    try {
      await main.send('waiting', 6);
      await runPage('Back up in compose', folder, { ...stack.env, COMPOSE_FILE });
      await main.send('waiting', 7);
      const before = (await stack.containers('redis'))[0]!.info.State.StartedAt;
      await runPage('Restore in compose', folder, { ...stack.env, COMPOSE_FILE });
      expect((await stack.containers('redis'))[0]!.info.State.StartedAt).not.toBe(before);
      for (const n of [2, 3, 4, 5, 6]) {
        expect(await main.wait('waiting', { timeoutMs: 60_000 })).toBe(n);
        await main.finish();
      }
      expect(await main.check('waiting')).toBeUndefined(); // 7 was sent after the copy
      await main.send('tasks', { n: 9 });
      expect(await main.wait('results', { timeoutMs: 60_000 })).toMatchObject({ n: 9 });
      await main.finish();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
