/**
 * Ways in which a container of a worker ends or seems to, on a real engine, and how long it takes until its marbles are
 * back.
 */
import { Readable } from 'node:stream';
import { ServiceProgram, sleep, until } from '@marblerun/test-support';
import type { Container } from 'dockerode';
import { Redis } from 'ioredis';
import { Marble } from 'marblerun';
import { keysOf } from '@marblerun/internal';
import { WorkerContainers, type WorkerOptions } from '../containers/worker-containers.js';

interface Struck {
  readonly container: Container;
  readonly marble: Marble;
  /** The id that this machine has for the first process of the container. */
  readonly pid: number;
}

export interface ContainerFault {
  readonly name: string;
  /** Strikes. Returns when the moment has come that counts. */
  readonly strike: (struck: Struck) => Promise<unknown>;
  readonly options?: Partial<WorkerOptions>;
  /** Marbles that come back besides those in hand. */
  readonly more?: number;
  /** It counts from when the marbles were taken. */
  readonly fromTheStart?: true;
}

const MARBLES = 50;
const MEMORY_BYTES = 200 * 1024 * 1024;
/** Longer than the Monitor's turns: so the moment of the fault is by chance. */
const CHANCE_MS = 1500;
const ENGINE = 'unix:///var/run/docker.sock';
const keys = keysOf('main');

export const CONTAINER_FAULTS: readonly ContainerFault[] = [
  {
    name: 'kill',
    // The answer comes only when the engine has done with it.
    strike({ container }) {
      container.kill().catch(() => undefined);
      return Promise.resolve();
    },
  },
  {
    name: 'OOM kill',
    strike: async ({ marble, pid }) => {
      await marble.send('in', { n: MARBLES, do: 'hoard' });
      await until('it is killed', () => !isThere(pid), { everyMs: 1 });
    },
    options: { host: { Memory: MEMORY_BYTES, MemorySwap: MEMORY_BYTES, Init: false }, env: { CONCURRENCY: '51' } },
    more: 1,
  },
  { name: 'pause', strike: ({ container }) => container.pause() },
  // The handlers never return.
  {
    name: 'hang',
    strike: () => Promise.resolve(),
    options: { env: { TIME_LIMIT_MS: '5000' } },
    fromTheStart: true,
  },
];

export interface Played {
  readonly backMs: number;
  /** The time after which the engine told of the end; undefined where it told of none. */
  readonly toldMs: number | undefined;
}

export async function playInContainer(fault: ContainerFault, workers: WorkerContainers): Promise<Played> {
  const redis = new Redis(workers.redis);
  await redis.flushall();
  const marble = new Marble({ redis: workers.redis });
  const monitor = new ServiceProgram('monitor', { env: { MARBLERUN_REDIS: workers.redis, MARBLERUN_DOCKER: ENGINE } });
  const env = { LEASE_MS: '15000', GONE_MS: '1000', ...fault.options?.env };
  let container: Container | undefined;
  try {
    await until('the Monitor is ready', () => monitor.isReady());
    await marble.sendMany(
      'in',
      Array.from({ length: MARBLES }, (_, n) => ({ n, do: 'ignore' })),
    );
    container = await workers.worker({ run: 'main', ...fault.options, env });
    const { State } = await container.inspect();
    const dies = await workers.docker.getEvents({ filters: { container: [container.id], event: ['die'] } });
    let toldAt: number | undefined;
    dies.once('data', () => (toldAt = performance.now()));
    await until('all are in hand, and it is seen', async () => {
      const notes = Object.values(await redis.hgetall(keys.hearts));
      return (await redis.llen(keys.queue('in'))) === 0 && notes.some((text) => !text.includes(' - '));
    });
    if (!fault.fromTheStart) await sleep(Math.random() * CHANCE_MS);
    await fault.strike({ container, marble, pid: State.Pid });
    const at = performance.now();
    const all = MARBLES + (fault.more ?? 0);
    await until('all are back', async () => (await redis.llen(keys.queue('in'))) === all, {
      deadlineMs: 60_000,
      everyMs: 2,
    });
    const backMs = performance.now() - at;
    if (dies instanceof Readable) dies.destroy();
    return { backMs, toldMs: toldAt === undefined ? undefined : toldAt - at };
  } finally {
    await Promise.all([container?.remove({ force: true }), monitor.kill(), marble.close()]);
    redis.disconnect();
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
