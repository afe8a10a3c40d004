/**
 * Runs commands that count as done only when enough replicas have them (`WAIT`).
 *
 * It promises this: when `run` returns, the primary and `replicas` replicas have in memory what the command wrote. A
 * failover to one of these loses nothing of it. What may go wrong: too few of them acknowledge in time.
 * MR_TOO_FEW_REPLICAS then says how many did. The command is done at the primary all the same: it is not taken back,
 * and a failover now might forget it.
 */
import type { Redis } from 'ioredis';
import { MarbleRunError } from '../../errors.js';
import type { Connection } from './connection.js';
import type { Part } from './rights.js';

export interface ReplicaOptions {
  readonly replicas: number;
  readonly replicasTimeoutMs: number;
}

export class Replicated {
  /** Needs `connection` for this alone where there are replicas to wait for: `WAIT` holds up all behind it. */
  constructor(
    private readonly connection: Connection,
    private readonly options: ReplicaOptions,
  ) {}

  async mustBeAllowed(part: Part): Promise<void> {
    await this.connection.mustBeAllowed(part);
    if (this.options.replicas > 0) await this.connection.mustBeAllowed('replicas');
  }

  /** Writes commands like `tryNow` of the connection. */
  tryNow(write: (redis: Redis) => Promise<unknown>): boolean {
    return this.connection.tryNow(write);
  }

  /**
   * Runs a command like `run` of a connection. One that is asked again must write again, because `WAIT` looks at what
   * its connection wrote.
   */
  run<T>(attempt: (redis: Redis, again: boolean) => Promise<T>): Promise<T> {
    return this.options.replicas === 0 ? this.connection.run(attempt) : this.#runAndWait(attempt);
  }

  async #runAndWait<T>(attempt: (redis: Redis, again: boolean) => Promise<T>): Promise<T> {
    const { replicas, replicasTimeoutMs } = this.options;
    const [result, acknowledged] = await this.connection.run(async (redis, again) => {
      // Not in one write: a script that is not known there is sent a second time.
      const done = await attempt(redis, again);
      return [done, await redis.wait(replicas, replicasTimeoutMs)] as const;
    });
    if (acknowledged >= replicas) return result;
    throw new MarbleRunError(
      'MR_TOO_FEW_REPLICAS',
      `redis: ${acknowledged} of ${replicas} replicas have acknowledged within ${replicasTimeoutMs} ms; the command is done at the primary ${this.connection.address}`,
    );
  }
}
