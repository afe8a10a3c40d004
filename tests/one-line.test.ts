/**
 * One line for one trouble. However many chores and lanes are stopped by a Redis that is away, and however often they
 * try, the log says so once, and says once that it is over.
 */
import { afterEach, expect, test } from '@jest/globals';
import { RedisServer, ServiceProgram, until } from '@marblerun/test-support';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly err?: { readonly message: string };
  readonly loops?: readonly string[];
  readonly tries?: number;
  readonly forMs?: number;
}

const IMPATIENT = { MARBLERUN_CONNECT_TIMEOUT_MS: '600', MARBLERUN_RETRY_TIMEOUT_MS: '600' };
const LANES = JSON.stringify({
  runs: { a: {}, b: {}, c: {} },
  lanes: ['b', 'c'].map((to) => ({ name: `to-${to}`, from: 'a', to, queues: [`for-${to}`] })),
});
const SERVICES = [
  ['monitor', { MARBLERUN_RUN: 'a,b' }, 4],
  ['elevator', { MARBLERUN_LANES: LANES }, 2],
] as const;

test.each(SERVICES)('a %s says once that Redis is away, and once that it is back', async (kind, env, troubled) => {
  const server = await RedisServer.start();
  cleanUp.push(() => server.stop());
  const program = new ServiceProgram(kind, { env: { MARBLERUN_REDIS: server.url, ...IMPATIENT, ...env } });
  cleanUp.push(() => program.kill());
  const lines = () => program.lines.map((line) => JSON.parse(line) as Line);
  const told = () => lines().filter(({ level, msg }) => level > 30 || msg === 'works again');
  await until('it is ready', () => program.isReady());
  const begun = told().length; // a slow machine may have had trouble with its first connection
  for (const outage of [1, 2]) {
    await server.kill();
    await until('it is not ready', async () => !(await program.isReady()));
    await until('several have failed', async () => {
      const health = await (await fetch(`${await program.url()}/health/ready`)).text();
      return (health.match(/no answer from/g) ?? []).length >= troubled;
    });
    await until('its line has come', () => told().length - begun >= 2 * outage - 1); // by another way than the answer
    expect(told().length - begun).toBe(2 * outage - 1);
    await server.restart();
    await until('it says that it works again', () => told().length - begun === 2 * outage);
    await until('it is ready', () => program.isReady());
  }
  const [away, back, ...later] = told().slice(begun);
  expect(away).toMatchObject({ level: 40, err: { message: expect.stringMatching(/^redis: no answer from/) } });
  expect(back).toMatchObject({ level: 30, trouble: expect.stringMatching(/^redis: no answer from \S+ for 600 ms$/) });
  expect(back!.loops!.length).toBeGreaterThanOrEqual(troubled);
  expect(back!.tries!).toBeGreaterThanOrEqual(back!.loops!.length);
  expect(back!.forMs!).toBeGreaterThan(0);
  expect(later.map(({ msg }) => msg)).toEqual(['failed; tries again', 'works again']);
});
