/**
 * An append-only file that was cut off at any byte: deploy/redis/start.sh mends it, so that no later start of Redis does
 * half a step.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { RedisServer } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { Communicator } from 'marblerun/communicator';

const SCRIPT = fileURLToPath(new URL('../../../deploy/redis/start.sh', import.meta.url));
const MANIFEST = 'file appendonly.aof.1.incr.aof seq 1 type i\n';
const written = (...words: string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
const BEFORE = written('SELECT', '0') + written('SET', 'a', 'x'.repeat(100));
const HALF = written('MULTI') + written('RPUSH', 'list', 'm');
const STARTED = 'started --dir x\n';
const STEP = HALF + written('HDEL', 'held', 'm') + written('EXEC');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marblerun-cut-off-'));
  await mkdir(join(folder, 'appendonlydir'));
});
afterEach(() => rm(folder, { recursive: true }));
const fileIn = (dir: string) => join(dir, 'appendonlydir', 'appendonly.aof.1.incr.aof');

/** Runs the script, which becomes `command`. */
const run = (...command: string[]) =>
  promisify(execFile)('sh', [SCRIPT, ...command], { env: { ...process.env, DIR: folder } });

/** Starts `echo` in place of Redis, on a file. Returns what was said, and what is in the file then. */
async function start(content: string): Promise<{ out: string; told: string; left: string }> {
  await writeFile(join(folder, 'appendonlydir', 'appendonly.aof.manifest'), MANIFEST);
  await writeFile(fileIn(folder), content);
  const { stdout, stderr } = await run('echo', 'started', '--dir x');
  return { out: stdout, told: stderr, left: await readFile(fileIn(folder), 'utf8') };
}

test('wherever it is cut off, whole steps are kept and no half of one', async () => {
  const whole = BEFORE + STEP + STEP;
  for (let at = BEFORE.length; at < whole.length; at++) {
    const steps = Math.floor((at - BEFORE.length) / STEP.length);
    const started = await start(whole.slice(0, at));
    const [out, left] = [started.out, started.left.replace(/\*1\r\n$/, '')]; // the first line of MULTI: Redis drops that
    expect({ at, out, left }).toEqual({ at, out: STARTED, left: BEFORE + STEP.repeat(steps) });
  }
});

test('a whole file stays as it is, and nothing is said', async () => {
  expect(await start(BEFORE + STEP)).toEqual({ out: STARTED, told: '', left: BEFORE + STEP });
});

test.each([
  ['has half a step in the middle, of a time without this script', BEFORE + HALF + STEP + STEP],
  ['is damaged in the middle', `${BEFORE}rubbish${STEP}`],
  ['is damaged within a line', BEFORE.replace('\r\n', 'xx') + STEP],
  ['ends with zeros', `${BEFORE}${HALF}${'\0'.repeat(50)}`],
])('a file that %s is not cut, and it says so', async (_what, content) => {
  const { out, told, left } = await start(content);
  expect([out, left]).toEqual([STARTED, content]);
  expect(told).toMatch(/^start\.sh: [^]*is not valid[^]*\nstart\.sh: nothing is cut/);
});

test('where there is no file yet the command is started', async () => {
  await rm(join(folder, 'appendonlydir'), { recursive: true });
  const { stdout, stderr } = await run('echo', 'started');
  expect([stdout, stderr]).toEqual(['started\n', '']);
});

test('a Redis that was killed in the middle of a write, and then once more, has each marble once', async () => {
  const redis = await RedisServer.start(['--appendonly', 'yes', '--appendfsync', 'always']);
  const bus = { redis: redis.url, run: 'main' };
  const [marble, peek] = [new Marble<{ in: number }>(bus), new Communicator(bus)];
  const numbers = Array.from({ length: 20 }, (_, i) => i);
  const stock = () => peek.audit.take();
  try {
    await marble.sendMany('in', numbers);
    await redis.kill();
    const written = await readFile(fileIn(redis.dir), 'utf8');
    await truncate(fileIn(redis.dir), written.lastIndexOf('sent') - 5); // behind its marbles, before they are counted
    await redis.restart();
    expect(await stock()).toMatchObject({ due: 0, there: 0 });
    await marble.sendMany('in', numbers);
    expect(await stock()).toMatchObject({ due: 20, there: 20 });
    await redis.kill();
    await redis.restart();
    expect(await stock()).toMatchObject({ due: 20, there: 20 });
  } finally {
    await Promise.all([marble.close(), peek.close()]);
    await redis.stop();
  }
});
