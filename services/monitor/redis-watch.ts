/**
 * Checks that the Redis of a run keeps what it has acknowledged: whether it may evict, and whether everything is there.
 *
 * What may go wrong: marbles that move while they are counted look lost for a moment. So only marbles that were missing
 * twice are reported. Marbles that were lost before this Monitor began to look are noticed only where the counts are
 * still there.
 */
import type { Logger } from '@marblerun/service';
import { isMarbleRunError } from 'marblerun';
import type { Communicator, Stock } from 'marblerun/communicator';

export class RedisWatch {
  /** The policy by which this Redis may evict. Empty where it may not, undefined where that is not known. */
  policy: string | undefined;
  /** The number of marbles that should be there and are not; undefined before the first audit. */
  unaccounted: number | undefined;
  #mayAsk = true;
  #before: Stock | undefined;
  /** The number that was missing at the last look. */
  #missing = 0;
  /** The number that was lost together with the counts that would tell. */
  #lost = 0;
  /** The known error of the counts since they began anew. */
  #offset = 0;

  constructor(
    private readonly run: string,
    private readonly communicator: Communicator,
    private readonly log: Logger,
  ) {}

  async lookAtPolicy(): Promise<undefined> {
    if (!this.#mayAsk) return;
    const before = this.policy;
    this.policy = await this.communicator.status.evictingPolicy();
    this.#mayAsk = this.policy !== undefined;
    const about = { run: this.run, policy: this.policy };
    if (this.policy && this.policy !== before)
      this.log.error(
        about,
        'this Redis may evict: when it is full it throws marbles away; set maxmemory-policy to noeviction',
      );
    else if (before && this.policy === '') this.log.info(about, 'this Redis no longer evicts');
  }

  async audit(): Promise<undefined> {
    const stock = await this.communicator.audit.take().catch((error: unknown) => {
      if (!isMarbleRunError(error, 'MR_REDIS_AUTH')) throw error;
      this.log.debug({ run: this.run, err: error }, 'cannot audit');
      return undefined;
    });
    if (!stock) return;
    if (this.#before && this.#before.mark !== stock.mark) this.#begunAnew(this.#before, stock);
    this.#before = stock;
    const missing = Math.max(0, stock.due - stock.there - stock.moved - this.#offset);
    const stable = this.#lost + Math.min(missing, this.#missing);
    this.#missing = missing;
    const { unaccounted = 0 } = this;
    this.unaccounted = stable;
    if (stable > unaccounted)
      this.log.error(
        { run: this.run, unaccounted: stable, due: stock.due, there: stock.there },
        'marbles are missing: keys of this run were evicted, deleted or rolled back',
      );
    else if (stable < unaccounted)
      this.log.info({ run: this.run, unaccounted: stable }, 'marbles are accounted for again');
  }

  /**
   * Handles counts that are gone (FLUSHALL, eviction). The marbles that were there before are lost, except for those
   * that still exist beside what came since.
   */
  #begunAnew(before: Stock, now: Stock): void {
    this.#lost += Math.max(0, before.there - Math.max(0, now.there - now.due));
    this.#offset = Math.min(0, now.due - now.there);
    this.#missing = 0;
    this.log.error(
      { run: this.run, there: before.there },
      'the counts of this run are gone: this Redis was flushed, or has evicted them',
    );
  }
}
