/**
 * Readiness: the Monitor that finds Redis away is ready within seconds of its return, whatever the intervals of its chores.
 */
import { afterEach, expect, test } from '@jest/globals';
import { RedisServer, ServiceProgram, freshBus, redisCli, until } from '@marblerun/test-support';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

const IMPATIENT = { MARBLERUN_CONNECT_TIMEOUT_MS: '300', MARBLERUN_RETRY_TIMEOUT_MS: '300' };
type Loops = Record<string, string>;

async function monitorOf(server: RedisServer, env: Record<string, string> = {}) {
  const { run } = freshBus(server.url);
  const program = new ServiceProgram('monitor', {
    env: { MARBLERUN_REDIS: server.url, MARBLERUN_RUN: run, ...IMPATIENT, ...env },
  });
  cleanUp.push(() => program.kill());
  const url = await program.url();
  const chores = async () => {
    const { runs } = (await (await fetch(`${url}/health/ready`)).json()) as { runs: Record<string, Loops> };
    const { redis, ...loops } = runs[run]!;
    return { redis, loops: Object.values(loops) };
  };
  return { run, program, chores };
}

test.each(['never there', 'there, then gone'])(
  'Redis was %s: ready, with all chores turning, within seconds of it',
  async (before) => {
    const server = await RedisServer.start();
    cleanUp.push(() => server.stop());
    if (before === 'never there') await server.kill();
    const { program, chores } = await monitorOf(server, {
      MARBLERUN_ORPHANS_MS: '86400000',
      MARBLERUN_AUDIT_MS: '86400000',
    });
    if (before !== 'never there') {
      await until('it is ready', () => program.isReady());
      await server.kill();
    }
    const troubled = before === 'never there' ? 8 : 2;
    await until(
      'chores have failed',
      async () => (await chores()).loops.filter((loop) => loop !== 'turning').length >= troubled,
    );
    expect(await program.isReady()).toBe(false);
    await server.restart();
    await until('it is ready', () => program.isReady(), { deadlineMs: 8000 });
    await until('all chores turn', async () => (await chores()).loops.every((loop) => loop === 'turning'), {
      deadlineMs: 8000,
    });
  },
);

test('a chore that only tidies up and fails is told, and the Monitor is ready all the same', async () => {
  const server = await RedisServer.start();
  cleanUp.push(() => server.stop());
  const { run, program, chores } = await monitorOf(server, { MARBLERUN_DEAD_KEEP_MS: '1000' });
  await until('it is ready', () => program.isReady());
  expect((await chores()).loops.every((loop) => loop === 'turning')).toBe(true);
  await redisCli(server.port, 'SET', `mr:{${run}}:dead`, 'no set of the dead');
  await until('a chore has failed', async () => (await chores()).loops.some((loop) => loop !== 'turning'));
  expect(await program.isReady()).toBe(true);
});
