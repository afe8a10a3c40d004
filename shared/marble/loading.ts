/**
 * Reads large data for handlers, and tells when finishes may wait for each other meanwhile: such data come one by one, so
 * each marble would have a swap of its own.
 */
import { hasEnded } from '../communicator/hold/load-held.js';
import { decodeData } from './codec.js';
import type { HeldInHandler } from './held-in-handler.js';
import type { Codec } from './types.js';

/**
 * Finishes wait where the data of so many marbles are on their way, and until there are so many: as shares of the
 * concurrency.
 */
const ENOUGH_UNDER_WAY = 0.5;
const GATHERED = 0.2;

export class Loading {
  #underWay = 0;

  constructor(
    private readonly concurrency: number,
    private readonly codec: Codec | undefined,
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
    return this.#underWay >= this.concurrency * ENOUGH_UNDER_WAY && finished < this.concurrency * GATHERED;
  }
}
