/**
 * The liveness probe of a worker, run against the real worker with a loop that is really blocked. Within its limit the
 * worker is busy, beyond it the worker is hung.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Program, RedisServer, until } from '@marblerun/test-support';

const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const WORKER = fileOf('../../examples/dist/worker.js');
const PROBE = fileOf('../../examples/dist/worker-alive.js');
/** The time of a block. It is longer than the least that the probe allows: the limit of `hung` and a margin of 5 s. */
const BLOCK_MS = 8000;
const PATIENT = { deadlineMs: 30_000, everyMs: 100 };

const folder = mkdtempSync(join(tmpdir(), 'marblerun-pulse-'));
let redis: RedisServer;
let hung: Worker;
let busy: Worker;

class Worker {
  readonly program: Program;
  private readonly env: Record<string, string>;

  constructor(name: string, timeLimitMs: number) {
    this.env = {
      ...{ MARBLERUN_REDIS: redis.url, MARBLERUN_RUN: name, BLOCK_MS: String(BLOCK_MS) },
      ...{ WORKER_TIME_LIMIT_MS: String(timeLimitMs), WORKER_PULSE_FILE: join(folder, name) },
      NODE_OPTIONS: `--import=${fileOf('programs/blocks-loop.js')}`,
    };
    this.program = new Program(WORKER, { env: this.env });
  }

  get pulseAt(): number {
    return Number(readFileSync(this.env['WORKER_PULSE_FILE']!, 'utf8').split(' ')[0]);
  }

  async probe(): Promise<{ code: number | null; says: string }> {
    const probe = new Program(PROBE, { env: this.env });
    const { code } = await probe.exited;
    return { code, says: probe.errors.join('\n') };
  }
}

beforeAll(async () => {
  redis = await RedisServer.start();
  [hung, busy] = [new Worker('hung', 1000), new Worker('busy', 60_000)];
  for (const { program } of [hung, busy]) await program.line(/waiting for tasks/);
});
afterAll(async () => {
  await Promise.all([hung, busy].map(({ program }) => program.kill()));
  await redis.stop();
  rmSync(folder, { recursive: true });
});

test('a loop that is blocked beyond the time limit fails the probe; within it is busy, and when it turns again it is alive', async () => {
  for (const worker of [hung, busy]) expect(await worker.probe()).toEqual({ code: 0, says: '' });
  for (const { program } of [hung, busy]) program.signal('SIGUSR2');

  const { says } = await until(
    'the probe fails',
    async () => {
      const seen = await hung.probe();
      return seen.code === 1 && seen;
    },
    PATIENT,
  );
  expect(says).toMatch(/^the event loop has been blocked for [67]\d{3} ms; allowed: 6000$/);
  expect(Date.now() - busy.pulseAt).toBeGreaterThan(5000);
  expect(await busy.probe()).toEqual({ code: 0, says: '' });

  await until('its loop turns again', async () => (await hung.probe()).code === 0, PATIENT);
});

test('a worker whose Redis is away is alive: its pulse goes on', async () => {
  await redis.kill();
  const killedAt = Date.now();
  await until('a pulse after that', () => hung.pulseAt > killedAt);
  expect((await hung.probe()).code).toBe(0);
});

test('a worker that never had a pulse is not alive, and the probe says why', async () => {
  rmSync(join(folder, 'busy'));
  await busy.program.kill();
  expect(await busy.probe()).toMatchObject({ code: 1, says: expect.stringMatching(/^no pulse: ENOENT/) });
});
