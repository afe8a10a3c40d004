/**
 * Hearts on the bus: by which connection the heartbeat of a process beats, so that its end is seen where that connection ends.
 *
 * One for each heartbeat, and not for each holder: ten thousand holders of 500 processes are 500. A heart notes its connection with
 * each beat, so one that was cut and comes back is known again with the first. What may go wrong: the note is lost or
 * cannot be made; then the lease alone tells, as if there were no hearts.
 */
import type { Connection } from './connection.js';
import type { RunKeys } from './keys.js';
import { callScript } from './scripts.js';

export interface Heart {
  /** Named by its holders too, in their descriptions. */
  readonly id: string;
  /** How long its connection may be gone before the leases of its holders end. */
  readonly goneMs: number;
}

export class Hearts {
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  /** Notes that it beats, by this connection. */
  async pulse({ id, goneMs }: Heart): Promise<void> {
    await this.connection.run(async (redis) => {
      const { session } = this.connection;
      // An address that Redis does not tell cannot be compared.
      if (session?.address)
        await callScript(redis, 'pulse', [this.keys.hearts], [id, session.id, session.address, goneMs]);
    });
  }

  count(): Promise<number> {
    return this.connection.run((redis) => redis.hlen(this.keys.hearts));
  }

  /** Its process ends in order: from now on nobody misses its connection. */
  async stop(id: string): Promise<void> {
    await this.connection.run((redis) => redis.hdel(this.keys.hearts, id));
  }
}
