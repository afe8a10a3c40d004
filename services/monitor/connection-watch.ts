/**
 * Looks for processes whose connection is gone, so that what they held is back within a second or two, and not only after
 * its lease. Where Docker tells that a container has ended, it looks for the connections of that container at once, and
 * again and again for a short while.
 *
 * What may go wrong: this user, or this Redis, does not tell who is connected. Then the status says so, and leases pass as
 * ever. It asks again after a while, because rights may be given meanwhile.
 */
import type { Logger } from '@marblerun/service';
import { isMarbleRunError } from 'marblerun';
import type { Communicator, GoneLook } from 'marblerun/communicator';

/** The time between two tries where it is not told. */
const OFF_MS = 60_000;

/**
 * The time between looks for the connections of a container that has ended, for how long they are looked for, and how
 * long they may be gone. A process that lives comes back within some 20 ms, and it may live: another engine may have a
 * container of the same id.
 */
const ENDED = { lookMs: 20, forMs: 500, mayBeGoneMs: 60 } as const;
/** The most ends that are kept while nobody can look. */
const MOST_ENDED = 10_000;

interface Ended {
  /** Until when its connections are looked for; undefined before the first look. */
  until: number | undefined;
}

type Look = Pick<GoneLook, 'lapsed' | 'nextInMs'>;

export class ConnectionWatch {
  /** Processes that are missed where their connection ends. Undefined before the first look. */
  watched: number | undefined;
  /** Processes whose connection this server does not show: their leases alone tell. */
  unwatched: number | undefined;
  /** The reason why nobody is watched; empty where they are. */
  off = '';
  #offUntil = 0;
  /** Ends of containers that were told, by id. */
  readonly #ended = new Map<string, Ended>();

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

  /** Notes that a container has ended, for the looks that follow. */
  ended(container: string): void {
    if (this.#ended.size < MOST_ENDED) this.#ended.set(container, { until: undefined });
  }

  async look(): Promise<Look> {
    const asked = [...this.#ended];
    if (Date.now() < this.#offUntil) return this.#leaseTells(asked);
    try {
      const containers = asked.map(([container]) => container);
      const look = await this.communicator.goneConnections.look({ containers, mayBeGoneMs: ENDED.mayBeGoneMs });
      this.#show(look);
      const { lapsed, nextInMs = Infinity } = look;
      const soon = this.#stillPending(asked, look.pending) ? ENDED.lookMs : Infinity;
      return { lapsed, nextInMs: Math.min(soon, nextInMs) };
    } catch (error) {
      if (!isMarbleRunError(error, 'MR_REDIS_AUTH') && !isMarbleRunError(error, 'MR_REDIS_REPLY')) throw error;
      if (!this.off) this.log.warn({ run: this.run, err: error }, 'the dead are missed by their leases alone');
      this.off = error.message;
      this.watched = 0;
      this.unwatched = await this.communicator.hearts.count();
      this.#offUntil = Date.now() + OFF_MS;
      return this.#leaseTells(asked);
    }
  }

  #show({ watched, unwatched, lapsed }: GoneLook): void {
    const { run } = this;
    if (this.off) this.log.info({ run }, 'this Redis tells who is connected: the dead are missed at once again');
    this.off = '';
    this.watched = watched;
    this.unwatched = unwatched;
    if (lapsed > 0) this.log.info({ run, holders: lapsed }, 'the connections of holders are gone');
  }

  /** Forgets the ends that this look was the last for. True where there is to be another one soon. */
  #stillPending(asked: readonly (readonly [string, Ended])[], pending: number): boolean {
    for (const [container, ended] of asked) {
      ended.until ??= Date.now() + ENDED.forMs;
      const isOver = pending === 0 || Date.now() > ended.until;
      if (isOver && this.#ended.get(container) === ended) this.#ended.delete(container);
    }
    return this.#ended.size > 0;
  }

  #leaseTells(asked: readonly (readonly [string, Ended])[]): Look {
    for (const [container] of asked) this.#ended.delete(container);
    return { lapsed: 0, nextInMs: undefined };
  }
}
