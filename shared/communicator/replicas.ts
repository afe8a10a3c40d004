/**
 * Commands that count as done only when enough replicas have them (`WAIT`).
 *
 * What it promises: when `run` returns, the primary and `replicas` replicas have in memory what the
 * command wrote; a failover to one of these loses nothing of it. What may go wrong: too few of them
 * acknowledge in time; then MR_TOO_FEW_REPLICAS says how many did. The command is done at the primary
 * all the same: it is not taken back, and a failover now might forget it.
 */
import type { Redis } from 'ioredis';
import { MarbleRunError } from '../errors.js';
import type { Connection } from './connection.js';
import type { Part } from './rights.js';

export interface ReplicaOptions {
  readonly replicas: number;
  readonly replicasTimeoutMs: number;
}

export class Replicated {
  /** With replicas to wait for, `connection` is for this alone: `WAIT` holds up all behind it. */
  constructor(
    private readonly connection: Connection,
    private readonly options: ReplicaOptions,
  ) {}

  async mustBeAllowed(part: Part): Promise<void> {
    await this.connection.mustBeAllowed(part);
    if (this.options.replicas > 0) await this.connection.mustBeAllowed('replicas');
  }

  /** Like `run` of a connection. A command that is asked again must write again, for `WAIT` looks at what its connection wrote. */
  async run<T>(attempt: (redis: Redis, again: boolean) => Promise<T>): Promise<T> {
    const { replicas, replicasTimeoutMs } = this.options;
    if (replicas === 0) return this.connection.run(attempt);
    const [result, acknowledged] = await this.connection.run(async (redis, again) => {
      const done = await attempt(redis, again); // not in one write: a script that is not known there is sent a second time
      return [done, await redis.wait(replicas, replicasTimeoutMs)] as const;
    });
    if (acknowledged >= replicas) return result;
    throw new MarbleRunError(
      'MR_TOO_FEW_REPLICAS',
      `redis: ${acknowledged} of ${replicas} replicas have acknowledged within ${replicasTimeoutMs} ms; it is done at the primary ${this.connection.address}`,
    );
  }
}
