/**
 * The one place where services keep time: does a piece of work again and again.
 *
 * What may go wrong: the work throws. Then the log says so once for each trouble (`troubles.ts`), it is
 * tried again within seconds however long the interval is, and `late` turns true when it has not
 * succeeded for long.
 */
import type { Troubles } from './troubles.js';

export interface LoopOptions {
  readonly name: string;
  readonly intervalMs: number;
  /** Does the work once. May return in how many ms it wants to be called again, at most the interval. */
  readonly work: () => Promise<number | undefined>;
  /** Whether work under way gets on, however long it takes: then it is not late. Default: never known. */
  readonly getsOn?: () => boolean;
  /** What the log says of turns that fail. */
  readonly troubles: Troubles;
}

const PATIENCE_MS = 10_000;
/** Between tries of work that failed: doubles from the first to the most, never over the interval. */
const RETRY_MS = { first: 250, most: 5000 } as const;

export class Loop {
  readonly #options: LoopOptions;
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> | undefined;
  #succeededAt = Date.now();
  #trouble = '';
  #failures = 0;
  #running = false;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** Safe twice. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#succeededAt = Date.now();
    this.#schedule(0);
  }

  /** Waits for the turn under way. Safe twice. */
  async stop(): Promise<void> {
    this.#running = false;
    clearTimeout(this.#timer);
    await this.#turn;
  }

  /** True when the work has not succeeded for ten intervals, at least ten seconds, and does not get on either. */
  get late(): boolean {
    const { intervalMs, getsOn } = this.#options;
    return this.ageMs > Math.max(PATIENCE_MS, 10 * intervalMs) && getsOn?.() !== true;
  }

  /** How long ago the work last succeeded, or the loop began. */
  get ageMs(): number {
    return Date.now() - this.#succeededAt;
  }

  get name(): string {
    return this.#options.name;
  }

  /** What the last turn failed with; empty when it did not. */
  get trouble(): string {
    return this.#trouble;
  }

  /** The last turn did not fail, and it is not late. */
  get well(): boolean {
    return this.#trouble === '' && !this.late;
  }

  /** For work that takes long: it gets on, which counts as a success. */
  progress(): void {
    this.#succeededAt = Date.now();
    if (this.#trouble !== '') this.#options.troubles.succeeded(this);
    this.#trouble = '';
    this.#failures = 0;
  }

  #schedule(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#turn = this.#work().then((next) => {
        if (this.#running) this.#schedule(next);
      });
    }, ms);
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

/** Half of it is left to chance, so that many loops do not come back to Redis at the same moment. */
function retryMs(failures: number): number {
  const ms = Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** failures);
  return ms * (0.5 + Math.random() / 2);
}
