/**
 * A holder of this client with its heartbeat. It is entered at the first use, and replaced after it was given up.
 */
import { hostname } from 'node:os';
import type { Communicator } from '../communicator/communicator.js';
import type { Connection } from '../communicator/connection.js';
import type { Holding } from '../communicator/holding.js';
import type { Held } from '../communicator/in-hand.js';
import { MarbleRunError } from '../errors.js';
import { expectMonitor } from './expect-monitor.js';
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

  /** Takes `lost`, which is called when a holder was given up while its owner was busy. */
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

  /** The id of the latest holder that was entered. */
  get id(): string | undefined {
    return this.#id;
  }

  /** Replaces a holder that Redis has forgotten: the old one leaves, and the next `holding()` is a new one. */
  async renew(forgotten: Holding): Promise<void> {
    this.#current = undefined;
    this.#heartbeat.remove(forgotten.id);
    await forgotten.unblock(); // otherwise a marble that lands now would belong to nobody until the search for orphans
    await forgotten.leave();
  }

  /** Breaks off a wait that is under way. */
  async unblock(): Promise<void> {
    await (await this.#current)?.unblock();
  }

  /** Gives back everything that is held; there is no holder after this. Safe to call twice. */
  async leave(): Promise<void> {
    const current = this.#current;
    this.#left = true;
    this.#current = undefined;
    try {
      const holding = await current;
      if (holding) {
        this.#heartbeat.remove(holding.id);
        await holding.leave();
      }
    } finally {
      this.#waiting.close();
    }
  }

  async #enter(): Promise<Holding> {
    const { leaseMs, maxAttempts } = this.options;
    const { takesAhead } = this;
    // A worker ends its own time limits; a loop cannot.
    const timeLimitMs = this.options.timeLimitMs + (takesAhead ? graceMs(this.options.timeLimitMs) : 0);
    const limit = timeLimitMs > 0 && { timeLimitMs: String(timeLimitMs) };
    const description = { host: hostname(), pid: String(process.pid), ...limit };
    const about = { leaseMs, timeLimitMs, maxAttempts, takesAhead, hasCompany: workers.size > 1, description };
    const holding = this.communicator.holding(this.#waiting, about);
    await this.communicator.mustBeAllowed('work');
    const lost = () => {
      this.lost(holding);
      void holding.unblock().catch(() => undefined); // a failure here comes again, and is reported, with the next swap
    };
    await this.#heartbeat.whileUp(async () => {
      await holding.enter();
      this.#id = holding.id;
      expectMonitor(this.communicator, this.options.metrics);
      this.#heartbeat.add(holding.id, lost, takesAhead ? holding.progress.memory : undefined);
    }, this.communicator.closed);
    return holding;
  }
}

/** Makes the error of a marble whose result was refused, or will be. */
export function leaseLost({ envelope, queue }: Held): MarbleRunError {
  return new MarbleRunError(
    'MR_LEASE_LOST',
    `marble ${envelope.id} of queue ${queue}: its lease or time limit passed, or it was taken back; its result is refused`,
  );
}
