/**
 * Duties: work outside of Redis that one Monitor of a run at a time does, such as starting a container.
 *
 * All that lies in Redis is done by any number of Monitors at once, because each script looks again before it acts. A
 * step elsewhere cannot look at Redis in the same moment. So a Monitor takes the duty for some time, by Redis's clock,
 * and asks just before each step whether it has it still (`note`). What may go wrong: it is held up between that answer
 * and its step for longer than the duty was its own. Then its step may come beside one of the next owner, so each step
 * has to be harmless where it is done twice.
 */
import { newId } from '../data/envelope.js';
import type { Connection } from '../redis/connection.js';
import type { RunKeys } from '../redis/keys.js';
import { callScript } from '../redis/scripts.js';

export interface TakenDuty {
  /** The number of this owner. It is higher than that of any owner before. */
  readonly fence: number;
  /** The latest note of an owner; empty where there is none. */
  readonly note: string;
  /** The time by Redis's clock, in ms since 1970. */
  readonly at: number;
}

export class Duties {
  /** The name of this owner. */
  readonly #owner = newId();

  /** @internal */
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  /** Takes a duty for `forMs`, or keeps it for longer. Undefined where another owner has it. */
  async take(duty: string, forMs: number): Promise<TakenDuty | undefined> {
    const args = { duty, owner: this.#owner, forMs };
    const [fence, note, at] = await this.connection.run((redis) => callScript(redis, this.keys, 'takeDuty', { args }));
    return fence === 0 ? undefined : { fence, note, at };
  }

  /**
   * Notes what is about to be done, and keeps the duty for `forMs` from now on; with 0 it is given up. False where this
   * owner has it no longer: then it may do nothing.
   */
  async note(duty: string, fence: number, note: string, forMs: number): Promise<boolean> {
    const args = { duty, owner: this.#owner, fence, forMs, note };
    return (await this.connection.run((redis) => callScript(redis, this.keys, 'noteDuty', { args }))) === 1;
  }

  /** Reads the latest note of a duty, whoever has it; empty where there is none. */
  async noted(duty: string): Promise<string> {
    const text = await this.connection.run((redis) => redis.hget(this.keys.duties, duty));
    return /^\d+ \d+ \S+ (.*)$/s.exec(text ?? '')?.[1] ?? '';
  }
}
