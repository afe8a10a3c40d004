/**
 * Sends the heartbeats of all holders of one run: one command for up to a thousand holders, however many marbles they
 * have. It runs in the heartbeat thread, or in the main loop where that is asked for.
 */
import { Communicator } from '../communicator/communicator.js';
import type { BusOptions } from '../communicator/bus-options.js';
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
  #reported = false;

  constructor(
    bus: BusOptions,
    heartbeatMs: number,
    private readonly events: BeaterEvents,
  ) {
    this.#communicator = new Communicator(bus);
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
    try {
      const holders = [...this.#holders].map(([id, leaseMs]) => ({ id, leaseMs }));
      const blocked = this.#blocked();
      for (let i = 0; i < holders.length; i += MOST_PER_BEAT) {
        for (const lost of await this.#communicator.beat(holders.slice(i, i + MOST_PER_BEAT), blocked)) {
          if (this.#holders.delete(lost)) this.events.lost(lost);
        }
      }
    } catch (error) {
      if (this.#holders.size > 0) this.events.trouble((error as Error).message);
    } finally {
      this.#busy = false;
    }
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
