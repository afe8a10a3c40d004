/**
 * Does a piece of work again and again. This is the only place where services keep time.
 *
 * What may go wrong: the work throws. Then the log says so once for each trouble (`troubles.ts`). The work is tried
 * again within seconds, however long the interval is. `late` turns true when it has not succeeded for a long time.
 */
import type { Troubles } from './troubles.js';

export interface LoopOptions {
  readonly name: string;
  readonly intervalMs: number;
  /** Does the work once. May return the ms after which it wants to be called again, at most the interval. */
  readonly work: () => Promise<number | undefined>;
  /**
   * Returns whether work under way makes progress; then it is not late, however long it takes. Default: never known.
   */
  readonly getsOn?: () => boolean;
  /** Tells the log of turns that fail. */
  readonly troubles: Troubles;
}

const PATIENCE_MS = 10_000;
/**
 * The pause between tries of work that failed: it doubles from the first to the most, and never exceeds the interval.
 */
const RETRY_MS = { first: 250, most: 5000 } as const;

export class Loop {
  readonly #options: LoopOptions;
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> | undefined;
  #succeededAt = Date.now();
  #trouble = '';
  #failures = 0;
  #running = false;
  #isTurning = false;
  /** The date of the next turn, where none is under way. */
  #dueAt = 0;
  /** The pause after the turn under way, where it is to be shorter than that turn asks for. */
  #wokenMs: number | undefined;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** Starts the loop. Safe to call twice. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#succeededAt = Date.now();
    this.#schedule(0);
  }

  /** Brings the next turn forward: it comes after `ms`, counted from the end of one that is under way. */
  wake(ms = 0): void {
    if (!this.#running) return;
    if (this.#isTurning) this.#wokenMs = Math.min(ms, this.#wokenMs ?? ms);
    else if (performance.now() + ms < this.#dueAt) this.#schedule(ms);
  }

  /** Stops the loop and waits for the turn under way. Safe to call twice. */
  async stop(): Promise<void> {
    this.#running = false;
    clearTimeout(this.#timer);
    await this.#turn;
  }

  /** True when the work has not succeeded for ten intervals, and at least ten seconds, and makes no progress either. */
  get late(): boolean {
    const { intervalMs, getsOn } = this.#options;
    return this.ageMs > Math.max(PATIENCE_MS, 10 * intervalMs) && getsOn?.() !== true;
  }

  /** The time since the work last succeeded, or since the loop began. */
  get ageMs(): number {
    return Date.now() - this.#succeededAt;
  }

  get name(): string {
    return this.#options.name;
  }

  /** The error of the last turn; empty where it did not fail. */
  get trouble(): string {
    return this.#trouble;
  }

  /** True where the last turn did not fail and the work is not late. */
  get well(): boolean {
    return this.#trouble === '' && !this.late;
  }

  /** Notes that long work makes progress, which counts as a success. */
  progress(): void {
    this.#succeededAt = Date.now();
    if (this.#trouble !== '') this.#options.troubles.succeeded(this);
    this.#trouble = '';
    this.#failures = 0;
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    this.#dueAt = performance.now() + ms;
    this.#timer = setTimeout(() => {
      this.#turn = this.#takeTurn();
    }, ms);
  }

  async #takeTurn(): Promise<void> {
    this.#isTurning = true;
    const next = await this.#work();
    const soonest = Math.min(next, this.#wokenMs ?? next);
    this.#isTurning = false;
    this.#wokenMs = undefined;
    if (this.#running) this.#schedule(soonest);
  }

  async #work(): Promise<number> {
    const { intervalMs, work, troubles } = this.#options;
    try {
      const wanted = await work();
      this.progress();
      return Math.min(intervalMs, wanted ?? intervalMs);
    } catch (error) {
      troubles.failed(this, error as Error);
      this.#trouble = (error as Error).message;
      return Math.min(intervalMs, retryMs(this.#failures++));
    }
  }
}

/**
 * Returns the pause before the next try. Half of it is left to chance, so that many loops do not come back to Redis at
 * the same moment.
 */
function retryMs(failures: number): number {
  const ms = Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** failures);
  return ms * (0.5 + Math.random() / 2);
}
