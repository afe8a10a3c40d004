/**
 * The worker in Python of examples/python, written from docs/PROTOCOL.md alone: it keeps the same promises under kills.
 */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { Proxy, freshBus, sleep, until, type Bus } from '@marblerun/test-support';
import { startMonitor } from '@marblerun/monitor';
import { Marble } from 'marblerun';
import { Communicator } from 'marblerun/communicator';
import { story } from './story.js';

const root = new URL('../..', import.meta.url).pathname;
const folder = join(root, 'examples/python');
const scripts = join(root, 'shared/communicator/lua');

/** The Python that has Debian's packages, which is not always the first one in the path. */
const python = ['python3', '/usr/bin/python3'].find((program) => {
  try {
    execFileSync(program, ['-c', 'import redis'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

/** Holds answers back and closes their connections: the commands have been done, and nobody was told. */
async function loseReplies(proxy: Proxy): Promise<void> {
  for (let n = 0; n < 5; n++) {
    for (const link of proxy.links) link.stall('down', 60_000);
    await sleep(50); // there is no state to wait for: a command that is under way is answered to nobody
    for (const link of [...proxy.links]) link.cut();
    await sleep(100);
  }
}

const worker = (bus: Bus, redis = bus.redis): ChildProcess => {
  const args = [join(folder, 'worker.py'), redis, bus.run, 'jobs', 'results', scripts];
  return spawn(python!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
};

story('a worker in Python', python ? '' : 'python3 has no package `redis` ("apt-get install python3-redis")', () => {
  test('it agrees with the vectors', async () => {
    const check = [join(folder, 'check_vectors.py'), join(root, 'docs/protocol-vectors.json')];
    expect((await promisify(execFile)(python!, check)).stdout).toMatch(/^\d\d checks passed\n$/);
  });

  test('what lies in the inbox of one that dies is brought back', async () => {
    const bus = freshBus();
    const monitor = await startMonitor({ ...bus, sweepMs: 20, promoteMs: 20, logLevel: 'silent' });
    const marble = new Marble(bus);
    const peek = new Communicator(bus);
    const workers = [worker(bus)];
    try {
      await until('it waits', async () => (await peek.status.holders()).some(({ about }) => about['client']));
      workers[0]!.kill('SIGSTOP');
      await marble.send('jobs', 7);
      await until('Redis has handed it over', async () => (await peek.dump('jobs')).length === 0);
      workers[0]!.kill('SIGKILL');
      workers.push(worker(bus));
      await until('its result is there', async () => (await peek.dump('results')).length === 1);
      expect((await peek.dump('results')).map(({ data }) => Number(data.toString()))).toEqual([49]);
    } finally {
      for (const one of workers) one.kill('SIGKILL');
      await Promise.all([marble.close(), peek.close(), monitor.stop()]);
    }
  }, 60_000);

  test('killed and cut off, it finishes each marble once, and the bad ones die', async () => {
    const bus = freshBus();
    const monitor = await startMonitor({ ...bus, sweepMs: 20, promoteMs: 20, logLevel: 'silent' });
    const marble = new Marble(bus);
    const peek = new Communicator(bus);
    const proxy = await Proxy.start(Number(new URL(bus.redis).port));
    const troubles: string[] = [];
    const start = (): ChildProcess => {
      const child = worker(bus, proxy.url);
      child.stderr!.on('data', (text: Buffer) => troubles.push(text.toString()));
      return child;
    };
    const workers = [start(), start()];
    const finished = async () => (await peek.show()).find(({ queue }) => queue === 'jobs')?.counts.finished ?? 0;
    const numbers = Array.from({ length: 3000 }, (_, n) => n);
    try {
      await marble.sendMany('jobs', numbers.slice(0, 1500));
      for (let round = 1; round <= 6; round++) {
        await until('they get on', async () => (await finished()) >= 150 * round);
        if (round % 2 === 0) await loseReplies(proxy);
        else workers[round % 4 === 1 ? 0 : 1]!.kill('SIGKILL');
        if (round % 2 === 1) workers[round % 4 === 1 ? 0 : 1] = start();
      }
      await marble.sendMany('jobs', numbers.slice(1500));
      await marble.sendMany('jobs', ['bad', 'worse']);
      await until('all is done', async () => (await finished()) === 3000 && (await peek.deadLetters.count()) === 2, {
        deadlineMs: 60_000,
      });
      const results = await peek.dump('results', 0, 10_000);
      const squares = results.map(({ data }) => Number(data.toString())).sort((a, b) => a - b);
      expect(squares).toEqual(numbers.map((n) => n * n));
      for (const worker of workers) worker.kill('SIGTERM');
      await until('they have left', async () => (await peek.status.holderCount()) === 0);
      expect(await peek.show()).toMatchObject([{ queue: 'jobs', depth: 0, held: 0 }, { queue: 'results' }]);
      expect(troubles).toEqual([]);
    } finally {
      for (const worker of workers) worker.kill('SIGKILL');
      await Promise.all([marble.close(), peek.close(), monitor.stop(), proxy.stop()]);
    }
  }, 120_000);
});
