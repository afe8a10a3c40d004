/**
 * Gives back marbles that workers have not begun while their main loop is blocked, so that others can work on them. It
 * runs in the heartbeat thread. A main loop that turns gives back by itself what waits too long (`handling.ts`).
 */
import { ProgressReader } from '../communicator/hold/progress.js';
import type { Recovery } from '../communicator/watch/recovery.js';

export interface ReliefEvents {
  /** Called when marbles could not be given back. The next look tries again. */
  readonly trouble: (message: string) => void;
  /** Returns for how long the main loop has been blocked, in ms. */
  readonly blockedMs: () => number;
}

/**
 * The silence that counts as blocked. The main loop writes the time every 250 ms, so waiting marbles are back within
 * about a second.
 */
const BLOCKED_MS = 500;
const LOOK_MS = 250;

interface Watched {
  readonly progress: ProgressReader;
  isRelieved: boolean;
}

export class Relief {
  readonly #holders = new Map<string, Watched>();
  #timer: NodeJS.Timeout | undefined;
  #isBusy = false;

  constructor(
    private readonly recovery: Recovery,
    private readonly events: ReliefEvents,
  ) {}

  add(holder: string, progress: SharedArrayBuffer): void {
    this.#holders.set(holder, { progress: new ProgressReader(progress), isRelieved: false });
    this.#timer ??= setInterval(() => void this.#look(), LOOK_MS).unref();
  }

  remove(holder: string): void {
    this.#holders.delete(holder);
    if (this.#holders.size === 0) this.stop();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    if (this.#isBusy || this.events.blockedMs() < BLOCKED_MS) return;
    this.#isBusy = true;
    try {
      for (const [holder, watched] of this.#holders) await this.#relieve(holder, watched);
    } catch (error) {
      if (this.#holders.size > 0) this.events.trouble((error as Error).message);
    } finally {
      this.#isBusy = false;
    }
  }

  /** Gives back once for each blockage, since a blocked worker takes nothing more. */
  async #relieve(holder: string, watched: Watched): Promise<void> {
    if (watched.isRelieved && watched.progress.isFrozen) return;
    const frozen = watched.progress.freeze();
    if (frozen) await this.recovery.releaseUnbegun(holder, frozen);
    watched.isRelieved = frozen !== undefined;
  }
}
