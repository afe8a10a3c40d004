/**
 * Hearts on the bus. They note the connection that the heartbeat of a process beats by, so that the end of the process is
 * seen when that connection ends.
 *
 * There is one for each heartbeat, and not for each holder: ten thousand holders of 500 processes have 500 hearts. A heart
 * notes its connection with each beat, so one that was cut and comes back is known again with the first beat. What may go
 * wrong: the note is lost or cannot be made. Then the lease alone tells, as if there were no hearts.
 */
import type { Connection } from '../redis/connection.js';
import type { RunKeys } from '../redis/keys.js';
import { callScript } from '../redis/scripts.js';

export interface Heart {
  /** The id, which its holders name too, in their descriptions. */
  readonly id: string;
  /** The time that its connection may be gone before the leases of its holders end; 0: any time. */
  readonly goneMs: number;
  /** The id of the container that its process is in. */
  readonly container?: string | undefined;
}

/** The place of the container among the words of a note, and the word where there is none. */
const CONTAINER = 7;
const NO_CONTAINER = '-';

export class Hearts {
  /** @internal */
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  /** Notes that the heart beats by this connection. */
  async pulse({ id, goneMs, container = NO_CONTAINER }: Heart): Promise<void> {
    await this.connection.run(async (redis) => {
      const { session } = this.connection;
      if (!session?.address) return; // an address that Redis does not tell cannot be compared
      const args = { heart: id, client: session.id, address: session.address, goneMs, container };
      await callScript(redis, this.keys, 'pulse', { args });
    });
  }

  count(): Promise<number> {
    return this.connection.run((redis) => redis.hlen(this.keys.hearts));
  }

  /** Returns the container of each heart whose process is in one, by the name of the heart. */
  async containers(): Promise<Map<string, string>> {
    const all = Object.entries(await this.connection.run((redis) => redis.hgetall(this.keys.hearts)));
    const known = all.map(([heart, note]) => [heart, note.split(' ')[CONTAINER] ?? NO_CONTAINER] as const);
    return new Map(known.filter(([, container]) => container !== NO_CONTAINER));
  }

  /** Removes a heart whose process ends in order: from now on nobody misses its connection. */
  async stop(id: string): Promise<void> {
    await this.connection.run((redis) => redis.hdel(this.keys.hearts, id));
  }
}
