/**
 * The beaters of a process: one for each run and rhythm, in the heartbeat thread, or in the main loop where there is no
 * thread.
 */
import type { LinkOptions } from '../communicator/redis/bus-options.js';
import type { Heart } from '../communicator/watch/hearts.js';
import { Beater, type BeaterEvents } from './beater.js';

/** A holder to beat for. */
export interface Beating {
  readonly holder: string;
  readonly bus: LinkOptions;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly heart: Heart | undefined;
  readonly progress: SharedArrayBuffer | undefined;
}

export class Beaters {
  readonly #beaters = new Map<string, Beater>();
  readonly #keyOf = new Map<string, string>();

  constructor(private readonly events: BeaterEvents) {}

  add({ holder, bus, leaseMs, heartbeatMs, heart, progress }: Beating): void {
    const key = JSON.stringify([bus, heartbeatMs, heart]);
    let beater = this.#beaters.get(key);
    if (!beater) {
      beater = new Beater(bus, heartbeatMs, this.events, heart);
      this.#beaters.set(key, beater);
    }
    beater.add(holder, leaseMs, progress);
    this.#keyOf.set(holder, key);
  }

  /** Has all of them beat before the next beat is due. */
  beatNow(): void {
    for (const beater of this.#beaters.values()) beater.beatNow();
  }

  remove(holder: string): void {
    const key = this.#keyOf.get(holder);
    if (key === undefined) return;
    this.#keyOf.delete(holder);
    const beater = this.#beaters.get(key);
    if (beater?.remove(holder) === 0) {
      beater.stop();
      this.#beaters.delete(key);
    }
  }
}
