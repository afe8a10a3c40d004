/**
 * Ways in which a worker ends or seems to, for the table of docs/RECOVERY.md. Each strikes a worker with marbles in hand.
 */
import type { Program, Proxy, RedisServer } from '@marblerun/test-support';

export interface Struck {
  readonly worker: Program;
  readonly server: RedisServer;
  /** Between the worker and Redis. */
  readonly proxy: Proxy;
}

export interface Fault {
  readonly name: string;
  readonly strike: (struck: Struck) => Promise<unknown>;
  /** The environment of its worker. */
  readonly env?: Readonly<Record<string, string>>;
  /** It counts from when the marbles were taken. */
  readonly fromTheStart?: true;
}

const FOR_LONG_MS = 600_000;

export const FAULTS: readonly Fault[] = [
  { name: 'kill', strike: ({ worker }) => worker.kill() },
  {
    name: 'pause',
    strike: ({ worker }) => {
      worker.signal('SIGSTOP');
      return Promise.resolve();
    },
  },
  // The handlers never return.
  { name: 'hang', strike: () => Promise.resolve(), env: { TIME_LIMIT_MS: '5000' }, fromTheStart: true },
  {
    name: 'network cut',
    strike: ({ proxy }) => {
      proxy.refuse(FOR_LONG_MS);
      return Promise.resolve();
    },
  },
  {
    name: 'restart',
    async strike({ worker, server }) {
      await Promise.all([worker.kill(), server.kill()]);
      await server.restart();
    },
  },
  {
    name: 'host gone',
    strike({ worker, proxy }) {
      for (const link of proxy.links) link.halfOpen('client', FOR_LONG_MS); // Redis is told nothing
      return worker.kill();
    },
  },
];
