/**
 * Holders that hang: their process beats, and its main loop has not turned since a marble of theirs was over its time
 * limit.
 *
 * That marble is back in its queue by then (`overdue.lua`), which also notes the holder. So a look costs nothing where
 * no marble was over its limit, however many holders there are. What it may get wrong: what is noted of the loop is as
 * old as the latest heartbeat, so a loop that turns again may count as hung until the next one.
 */
import type { Connection } from '../redis/connection.js';
import type { RunKeys } from '../redis/keys.js';
import { callScript } from '../redis/scripts.js';

export interface HungHolder {
  readonly holder: string;
  /** Ms since a marble was taken back from it because of its time limit. */
  readonly hungMs: number;
  /** How long its loop had been blocked when it last beat, in ms. */
  readonly blockedMs: number;
  /** The fields of its entry, as its client wrote them. */
  readonly about: Readonly<Record<string, string>>;
}

/** The most that are looked at: with more, those whose marbles were over their limit first. */
const MOST = 500;

export class HungHolders {
  /** @internal */
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  /** Lists those that hang now, the longest first. */
  look(): Promise<HungHolder[]> {
    return this.connection.run(async (redis) => {
      const some = await redis.zrange(this.keys.overran, '0', String(MOST - 1));
      if (some.length === 0) return [];
      const call = { moreKeys: some.map(this.keys.holder), moreArgs: some };
      const hung = await callScript(redis, this.keys, 'hung', call);
      const about = await Promise.all(hung.map(([holder]) => redis.hgetall(this.keys.holder(holder))));
      return hung.map(([holder, hungMs, blockedMs], i) => ({ holder, hungMs, blockedMs, about: about[i]! }));
    });
  }
}
