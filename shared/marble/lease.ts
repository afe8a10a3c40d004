/**
 * A holder of this client and its heartbeat: entered at the first use, replaced when it was given up.
 */
import { hostname } from 'node:os';
import type { Communicator } from '../communicator/communicator.js';
import type { Connection } from '../communicator/connection.js';
import type { Holding } from '../communicator/holding.js';
import type { Held } from '../communicator/in-hand.js';
import { MarbleRunError } from '../errors.js';
import { expectMonitor } from './expect-monitor.js';
import { leaveHeart, useHeart } from './heart.js';
import { heartbeatOf, type Heartbeat } from './heartbeat.js';
import type { ResolvedOptions } from './options.js';
import { graceMs } from './prefetch.js';
import { workers } from './solitude.js';

export class Lease {
  readonly #heartbeat: Heartbeat;
  readonly #waiting: Connection;
  #current: Promise<Holding> | undefined;
  #left = false;
  #id: string | undefined;

  /** `lost` is called when a holder was given up while its owner was busy. */
  constructor(
    private readonly communicator: Communicator,
    private readonly options: ResolvedOptions,
    private readonly lost: (holding: Holding) => void,
    private readonly takesAhead = false,
  ) {
    this.#heartbeat = heartbeatOf(options);
    this.#waiting = communicator.waitingConnection(options.blockMs);
  }

  async holding(): Promise<Holding> {
    if (this.#left) throw new MarbleRunError('MR_CLOSED', 'this worker has stopped');
    this.#current ??= this.#enter().catch((error: unknown) => {
      this.#current = undefined;
      throw error;
    });
    return this.#current;
  }

  /** Id of the latest holder that was entered. */
  get id(): string | undefined {
    return this.#id;
  }

  /** After `forgotten`: the old holder leaves, and the next `holding()` is a new one. */
  async renew(forgotten: Holding): Promise<void> {
    this.#current = undefined;
    const stopped = this.#stopBeating(forgotten);
    await forgotten.unblock(); // else what lands now would lie with nobody until the search for orphans
    await Promise.all([stopped, forgotten.leave()]);
  }

  /** Ends a wait that is under way. */
  async unblock(): Promise<void> {
    await (await this.#current)?.unblock();
  }

  /** Gives back all that is held; there is no holder after this. Safe twice. */
  async leave(): Promise<void> {
    const current = this.#current;
    this.#left = true;
    this.#current = undefined;
    try {
      const holding = await current;
      if (holding) await Promise.all([this.#stopBeating(holding), holding.leave()]);
    } finally {
      this.#waiting.close();
    }
  }

  /** Says so on the bus where nobody else has its heart: else its connection would be missed while it gives back what it has. */
  async #stopBeating({ id }: Holding): Promise<void> {
    const { heart } = this.#heartbeat;
    this.#heartbeat.remove(id);
    if (heart && leaveHeart(heart)) await this.communicator.hearts.stop(heart.id).catch(() => undefined); // else a Monitor forgets it
  }

  async #enter(): Promise<Holding> {
    const { leaseMs, maxAttempts } = this.options;
    const { takesAhead } = this;
    // A worker ends its time limits itself; a loop cannot.
    const timeLimitMs = this.options.timeLimitMs + (takesAhead ? graceMs(this.options.timeLimitMs) : 0);
    const limit = timeLimitMs > 0 && { timeLimitMs: String(timeLimitMs) };
    const { heart } = this.#heartbeat;
    const description = { host: hostname(), pid: String(process.pid), ...limit, ...(heart && { heart: heart.id }) };
    const about = { leaseMs, timeLimitMs, maxAttempts, takesAhead, hasCompany: workers.size > 1, description };
    const holding = this.communicator.holding(this.#waiting, about);
    await this.communicator.mustBeAllowed('work');
    const lost = () => {
      this.lost(holding);
      void holding.unblock().catch(() => undefined); // what fails here fails again, and is told, with its next swap
    };
    await this.#heartbeat.whileUp(async () => {
      await holding.enter();
      this.#id = holding.id;
      if (heart) useHeart(heart);
      expectMonitor(this.communicator, this.options.metrics);
      this.#heartbeat.add(holding.id, lost, takesAhead ? holding.progress.memory : undefined);
    }, this.communicator.closed);
    return holding;
  }
}

/** The error of a marble whose result was refused, or will be. */
export function leaseLost({ envelope, queue }: Held): MarbleRunError {
  return new MarbleRunError(
    'MR_LEASE_LOST',
    `marble ${envelope.id} of queue ${queue}: its lease or time limit passed, or it was taken back; its result is not taken`,
  );
}
