/**
 * Sends the heartbeats of all holders of one run: one command for up to a thousand holders, however many marbles they
 * have. It runs in the heartbeat thread, or in the main loop where that is asked for.
 *
 * With each beat it notes the connection that it beats by (`hearts.ts`). When that connection ends, it beats at once by
 * another one: a process that is not back in time is taken for dead.
 */
import { Communicator } from '../communicator/communicator.js';
import type { LinkOptions } from '../communicator/redis/bus-options.js';
import type { Heart } from '../communicator/watch/hearts.js';
import { isMarbleRunError } from '../errors.js';
import { Relief } from './relief.js';

export interface BeaterEvents {
  /** Called when a holder was silent for longer than its lease and has been given up. */
  readonly lost: (holder: string) => void;
  /** Called when a heartbeat could not be sent. The next one is tried on time. */
  readonly trouble: (message: string) => void;
  /** Returns for how long the main loop has been blocked, in ms. */
  readonly blockedMs: () => number;
}

const WORTH_REPORTING_MS = 1000;
/** The most holders in one command, so that no heartbeat of a process with thousands of holders holds Redis up. */
const MOST_PER_BEAT = 1000;

export class Beater {
  readonly #communicator: Communicator;
  readonly #holders = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  readonly #relief: Relief;
  #busy = false;
  #isNoted = false;
  /** True: the connection has ended since the latest beat began, which may have noted it. */
  #isCut = false;
  #reported = false;

  constructor(
    bus: LinkOptions,
    heartbeatMs: number,
    private readonly events: BeaterEvents,
    private readonly heart?: Heart,
  ) {
    this.#communicator = new Communicator(bus);
    this.#communicator.whenCut(() => {
      this.#isCut = true;
      this.beatNow();
    });
    this.#relief = new Relief(this.#communicator.recovery, events);
    this.#timer = setInterval(() => void this.#beat(), heartbeatMs);
    this.#timer.unref();
  }

  /** Adds a holder. The first heartbeat goes at once, so that the connection stands before it is needed. */
  add(holder: string, leaseMs: number, progress?: SharedArrayBuffer): void {
    if (progress) this.#relief.add(holder, progress);
    this.#holders.set(holder, leaseMs);
    if (this.#holders.size === 1) void this.#beat();
  }

  /** Removes a holder. Returns how many are left. */
  remove(holder: string): number {
    this.#relief.remove(holder);
    this.#holders.delete(holder);
    return this.#holders.size;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#relief.stop();
    this.#communicator.disconnect();
  }

  async #beat(): Promise<void> {
    if (this.#busy || this.#holders.size === 0) return;
    this.#busy = true;
    this.#isCut = false;
    const noted = this.heart && this.#communicator.hearts.pulse(this.heart); // in one write with the first beat
    noted?.catch(() => undefined);
    try {
      const holders = [...this.#holders].map(([id, leaseMs]) => ({ id, leaseMs }));
      const blocked = this.#blocked();
      for (let i = 0; i < holders.length; i += MOST_PER_BEAT) {
        for (const lost of await this.#communicator.holders.beat(holders.slice(i, i + MOST_PER_BEAT), blocked)) {
          if (this.#holders.delete(lost)) this.events.lost(lost);
        }
      }
      await noted;
      this.#isNoted = true;
    } catch (error) {
      if (this.#holders.size > 0) this.events.trouble((error as Error).message);
      if (this.#isNoted && isMarbleRunError(error, 'MR_REDIS_UNAVAILABLE')) this.beatNow(); // it is missed by now
    } finally {
      this.#busy = false;
      this.#beatIfCut();
    }
  }

  #beatIfCut(): void {
    if (this.#isCut) this.beatNow();
  }

  /** Beats before the next one is due. */
  beatNow(): void {
    setImmediate(() => void this.#beat());
  }

  /** Describes a blocked loop. It is noted while the loop is blocked, and once more when it is free again. */
  #blocked(): string {
    const ms = this.events.blockedMs();
    const worth = ms >= WORTH_REPORTING_MS;
    const note = worth ? String(ms) : this.#reported ? '0' : '';
    this.#reported = worth;
    return note;
  }
}
