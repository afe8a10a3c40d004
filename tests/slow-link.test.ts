/**
 * An Elevator over a link of 60 kB/s, whose Redis must answer within a second: it carries, and is ready all the time.
 */
import { afterEach, expect, test } from '@jest/globals';
import { RedisServer, SlowPath, freshBus, until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { Communicator } from 'marblerun/communicator';
import { startElevator } from './services.js';

const KIB = 1024;
let cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of cleanUp.reverse()) await step();
  cleanUp = [];
});

test('one large marble and a backlog arrive, each once; what is urgent overtakes', async () => {
  const hub = await RedisServer.start();
  const path = await SlowPath.to(hub.port, 60 * KIB, 8 * KIB);
  const [lower, upper] = [freshBus(), freshBus(hub.url)];
  const [marble, above] = [new Marble(lower), new Communicator(upper)];
  cleanUp = [() => hub.stop(), () => path.stop(), () => above.close(), () => marble.close()];

  await marble.elevate('large', Buffer.alloc(700 * KIB)); // this takes longer than a loop may be late
  const backlog = Array.from({ length: 200 }, (_, n) => ({ n, text: 'x'.repeat(KIB) }));
  await Promise.all(backlog.map((data) => marble.elevate('backlog', data)));
  const MARBLERUN_LANES = JSON.stringify({
    runs: { lower, upper: { ...upper, redis: path.url } },
    lanes: [{ name: 'up', from: 'lower', to: 'upper' }],
  });
  const { program, url } = await startElevator({ MARBLERUN_LANES, MARBLERUN_REPLY_TIMEOUT_MS: '1000' });
  cleanUp.push(() => program.kill());

  const there = async () =>
    Object.fromEntries((await above.show()).map(({ queue, counts }) => [queue, counts.sent] as const));
  const statuses: string[] = [];
  const ready = async () => {
    const response = await fetch(`${url}/health/ready`);
    statuses.push(`${response.status} ${response.ok ? '' : await response.text()}`);
  };
  expect(await there()).toEqual({});
  await until('it is ready', async () => (await fetch(`${url}/health/ready`)).ok);
  await until('some of the backlog has arrived', async () =>
    ready()
      .then(there)
      .then(({ backlog }) => backlog),
  );
  const begun = (await there())['backlog'];
  await marble.elevate('urgent', 'now', { expedite: true });
  await until('what is urgent has arrived', async () =>
    ready()
      .then(there)
      .then(({ urgent }) => urgent),
  );
  expect((await there())['backlog']).toBeLessThan(200);
  expect(begun).toBeLessThan(200);
  await until('all has arrived', async () =>
    ready()
      .then(there)
      .then(({ backlog }) => backlog === 200),
  );
  expect(await there()).toEqual({ large: 1, backlog: 200, urgent: 1 });
  expect([...new Set(statuses)]).toEqual(['200 ']);
}, 120_000);
