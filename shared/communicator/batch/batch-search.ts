/**
 * Looks for members of batches in every place of a run where a living marble can be. Reads only.
 *
 * The search goes in steps that are bounded by number and bytes. Marbles move meanwhile, so one may be missed or seen
 * twice. It reads the header of every marble, so it is for rare use.
 */
import type { Audit } from '../watch/audit.js';
import type { Connection } from '../redis/connection.js';
import type { RunKeys } from '../redis/keys.js';
import { callScript } from '../redis/scripts.js';

const STEP = { marbles: 1000, bytes: 1_048_576 } as const;

export class BatchSearch {
  /** @internal */
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
    private readonly audit: Audit,
  ) {}

  /**
   * Counts the members of each batch, by id. Undefined where that takes more than `most` steps, or `signal` was
   * aborted.
   */
  async count(ids: readonly string[], most: number, signal: AbortSignal): Promise<Map<string, number> | undefined> {
    const found = new Map(ids.map((id) => [id, 0]));
    let steps = 0;
    for await (const key of this.#places()) {
      for (let place = '0'; place !== '-1';) {
        if (signal.aborted || ++steps > most) return undefined;
        const [next, counts] = await this.#step(key, place, ids);
        counts.forEach((n, i) => found.set(ids[i]!, found.get(ids[i]!)! + n));
        place = next;
      }
    }
    return found;
  }

  async *#places(): AsyncGenerator<string> {
    for await (const places of this.audit.places()) yield* places.map(({ key }) => key);
    yield this.keys.later;
  }

  #step(key: string, place: string, ids: readonly string[]) {
    const args = { from: place, most: STEP.marbles, mostBytes: STEP.bytes };
    return this.connection.run((redis) =>
      callScript(redis, this.keys, 'present', { keys: { place: key }, args, moreArgs: ids }),
    );
  }
}
