/**
 * Looks for processes whose connection is gone, so that what they held is back within a second or two, and not only after
 * its lease.
 *
 * What may go wrong: this user, or this Redis, does not tell who is connected. Then the status says so, and leases pass as
 * ever. It asks again after a while, because rights may be given meanwhile.
 */
import type { Logger } from '@marblerun/service';
import { isMarbleRunError } from 'marblerun';
import type { Communicator, GoneLook } from 'marblerun/communicator';

/** The time between two tries where it is not told. */
const OFF_MS = 60_000;

type Look = Pick<GoneLook, 'lapsed' | 'nextInMs'>;

export class ConnectionWatch {
  /** Processes that are missed where their connection ends. Undefined before the first look. */
  watched: number | undefined;
  /** Processes whose connection this server does not show: their leases alone tell. */
  unwatched: number | undefined;
  /** The reason why nobody is watched; empty where they are. */
  off = '';
  #offUntil = 0;

  constructor(
    private readonly run: string,
    private readonly communicator: Communicator,
    private readonly log: Logger,
  ) {}

  /** Tells people why some or all are missed by their leases alone; empty where none is. */
  get told(): string {
    const { off, watched = 0, unwatched = 0 } = this;
    if (off) return `off: ${off}`;
    return unwatched === 0
      ? ''
      : `${unwatched} of ${watched + unwatched} processes are not in the list of this Redis: only their leases tell`;
  }

  async look(): Promise<Look> {
    if (Date.now() < this.#offUntil) return { lapsed: 0, nextInMs: undefined };
    try {
      const { watched, unwatched, lapsed, nextInMs } = await this.communicator.goneConnections.look();
      if (this.off)
        this.log.info({ run: this.run }, 'this Redis tells who is connected: the dead are missed at once again');
      this.off = '';
      this.watched = watched;
      this.unwatched = unwatched;
      if (lapsed > 0) this.log.info({ run: this.run, holders: lapsed }, 'the connections of holders are gone');
      return { lapsed, nextInMs };
    } catch (error) {
      if (!isMarbleRunError(error, 'MR_REDIS_AUTH') && !isMarbleRunError(error, 'MR_REDIS_REPLY')) throw error;
      if (!this.off) this.log.warn({ run: this.run, err: error }, 'the dead are missed by their leases alone');
      this.off = error.message;
      this.watched = 0;
      this.unwatched = await this.communicator.hearts.count();
      this.#offUntil = Date.now() + OFF_MS;
      return { lapsed: 0, nextInMs: undefined };
    }
  }
}
