/**
 * The health check of a worker in a container: it asks only for its own holder, so it costs the same in a run of any
 * size.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { Program, RedisServer, redisCli, until } from '@marblerun/test-support';
import { keysOf } from '@marblerun/internal';

const example = (name: string) => fileURLToPath(new URL(`../../examples/dist/${name}.js`, import.meta.url));
const { holders } = keysOf('tasks-of-the-test');
let folder: string;
let server: RedisServer;
let env: Record<string, string>;
const programs: Program[] = [];

beforeAll(async () => {
  server = await RedisServer.start(['--requirepass', 'the-password']);
  folder = mkdtempSync(join(tmpdir(), 'worker-health-'));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const redis = file('redis', `redis://:the-password@127.0.0.1:${server.port}\n`);
  env = {
    ...{ REDIS_URL_FILE: redis, MARBLERUN_RUN_FILE: file('run', 'tasks-of-the-test') },
    WORKER_PULSE_FILE: join(folder, 'pulse'),
  };
});
afterEach(() => Promise.all(programs.splice(0).map((program) => program.kill())));
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const cli = (...args: string[]) => redisCli(['-p', String(server.port), '-a', 'the-password'], ...args);

async function health() {
  const program = new Program(example('worker-health'), { env });
  const { code } = await program.exited;
  return { code, errors: program.errors.join('\n') };
}

/** Counts the commands that Redis runs for one check, including those within scripts. */
async function costOfHealth(): Promise<number> {
  await until('it answers in time', async () => {
    await cli('CONFIG', 'RESETSTAT');
    return (await health()).code === 0;
  });
  const stats = await cli('INFO', 'commandstats');
  const ofWorker = /cmdstat_(config|info|auth|blmove|zadd|brpop)/; // its heartbeat and wait, and this look
  const calls = stats.split('\n').filter((line) => line.startsWith('cmdstat_') && !ofWorker.test(line));
  return calls.reduce((sum, line) => sum + Number(/calls=(\d+)/.exec(line)![1]), 0);
}

test('without a worker, and before one has begun, it fails and says so', async () => {
  expect(await health()).toEqual({ code: 1, errors: expect.stringContaining('ENOENT') });
  writeFileSync(env['WORKER_PULSE_FILE']!, `${Date.now()} \n`);
  expect(await health()).toEqual({ code: 1, errors: 'the worker has not begun' });
});

test('it reads the settings of the worker, costs a handful of commands among any number of holders, and sees a lease that has passed', async () => {
  programs.push(new Program(example('worker'), { env }));
  await until('it is heard', async () => (await health()).code === 0, { everyMs: 100 });
  expect(await cli('ZCARD', holders)).toBe('1');
  const [id] = (await cli('ZRANGE', holders, '0', '0')).split('\n');
  const alone = await costOfHealth();
  const others = Array.from({ length: 1000 }, (_, i) => ['99999999999999', `other${i}`]).flat();
  await cli('ZADD', holders, ...others);
  const among = await costOfHealth();
  expect(alone).toBeLessThan(60);
  expect(among).toBeLessThan(60);

  await programs[0]!.kill();
  await cli('ZADD', holders, '1', id!); // as when its lease has passed and no Monitor has swept yet
  const silent = `no heartbeat of holder ${id} is heard`; // on a slow machine it may first report Redis instead
  const last = await until('it says so', async () => {
    const { code, errors } = await health();
    return errors === silent && { code };
  });
  expect(last).toEqual({ code: 1 });
  await cli('ZREM', holders, id!);
  expect((await health()).code).toBe(1);
});
