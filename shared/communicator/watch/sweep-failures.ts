/**
 * Collects the failures of one turn of a Monitor. First all other marbles are brought back, and then every failure is
 * told.
 *
 * A failure that concerns one holder alone (a key of another type, a right that only it asks for) does not stop the
 * next. One that would hit all (Redis is away) ends the turn at once.
 */
import { MarbleRunError, isMarbleRunError, type ErrorCode } from '../../errors.js';

const OF_ONE: readonly ErrorCode[] = ['MR_REDIS_WRONG_TYPE', 'MR_REDIS_REPLY', 'MR_REDIS_AUTH'];
const MOST_TOLD = 20;

export class SweepFailures {
  readonly #errors: MarbleRunError[] = [];

  /** Does a piece of work. False where it failed. */
  async attempt(what: string, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (!isMarbleRunError(error) || !OF_ONE.includes(error.code)) throw error;
      const message = `${what}: ${error.message.replace(/ \(MR_\w+\)$/, '')}`;
      this.#errors.push(new MarbleRunError(error.code, message, { cause: error }));
      return false;
    }
  }

  /** Throws what was collected, if anything. */
  tell(): void {
    const [first, ...others] = this.#errors;
    if (!first) return;
    if (others.length === 0) throw first;
    const told = this.#errors.slice(0, MOST_TOLD).map(({ message }) => message);
    if (this.#errors.length > MOST_TOLD) told.push('…');
    throw new MarbleRunError(first.code, `${this.#errors.length} could not be brought back: ${told.join('; ')}`, {
      cause: new AggregateError(this.#errors),
    });
  }
}
