/**
 * Acts that only a test does to a run: letting time pass for delayed marbles, and erasing everything.
 */
import type { Connection } from './redis/connection.js';
import type { RunKeys } from './redis/keys.js';

export class ForTests {
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  /**
   * Makes delayed marbles due that much sooner. This is not atomic: whoever looks meanwhile may see only some of them
   * due.
   */
  async advance(ms: number): Promise<void> {
    const { later } = this.keys;
    await this.connection.run(async (redis) => {
      const members = await redis.zrangeBuffer(later, '0', '-1');
      // XX: a marble that has been promoted meanwhile does not come back.
      await Promise.all(members.map((member) => redis.zadd(later, 'XX', 'INCR', -ms, member)));
    });
  }

  /** Deletes every key of the run. */
  async erase(): Promise<void> {
    await this.connection.run(async (redis) => {
      let cursor = '0';
      do {
        const [next, keys] = await redis.scan(cursor, 'MATCH', `${this.keys.prefix}*`, 'COUNT', 1000);
        if (keys.length > 0) await redis.del(...keys);
        cursor = next;
      } while (cursor !== '0');
    });
  }
}
