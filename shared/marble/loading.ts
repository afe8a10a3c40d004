/**
 * Reads large data for handlers, and tells when finishes may wait for each other meanwhile: such data come one by one, so
 * each marble would have a swap of its own.
 */
import { hasEnded } from '../communicator/hold/load-held.js';
import { decodeData } from './codec.js';
import type { HeldInHandler } from './held-in-handler.js';
import type { Codec } from './types.js';

/** Finishes wait where the data of so many marbles are on their way, as a share of the concurrency. */
const ENOUGH_UNDER_WAY = 0.5;
/** The longest that a finish waits for others. */
const GATHERING_MS = 20;

export class Loading {
  #underWay = 0;
  /** Runs while finishes wait, and ends their wait. */
  #gathering: NodeJS.Timeout | undefined;
  #isLate = false;

  /** Takes `late`, which is called when finishes have waited for long enough. */
  constructor(
    private readonly concurrency: number,
    private readonly codec: Codec | undefined,
    private readonly late: () => void,
  ) {}

  /**
   * Reads the large data of a marble. Returns the error where that failed, and whether the marble has ended: its data are
   * not there any more, or it is not ours.
   */
  async failure({ holder, held }: HeldInHandler) {
    this.#underWay++;
    try {
      await holder.load(held, (envelope) => decodeData(envelope, this.codec));
      return undefined;
    } catch (error) {
      return { error, hasEnded: hasEnded(error) };
    } finally {
      this.#underWay--;
    }
  }

  /** True while `finished` marbles are too few for a swap, and there is enough in hand to go on with. */
  mayGather(finished: number): boolean {
    const isEnoughUnderWay = this.#underWay >= this.concurrency * ENOUGH_UNDER_WAY;
    if (!isEnoughUnderWay || finished >= this.concurrency || this.#isLate) {
      clearTimeout(this.#gathering);
      this.#gathering = undefined;
      this.#isLate = false;
      return false;
    }
    if (finished > 0) this.#gathering ??= setTimeout(() => this.#endGathering(), GATHERING_MS);
    return true;
  }

  #endGathering(): void {
    this.#isLate = true;
    this.late();
  }
}
