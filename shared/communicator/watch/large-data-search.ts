/**
 * Finds large data that no marble refers to any more. Scripts delete data in the step that ends their marble, so there
 * are such only where somebody has deleted marbles by hand, or a client died between an unmonitored take and its next
 * command.
 *
 * It looks at the names of all keys and then at every marble, in steps that are bounded by number and bytes. Marbles move
 * meanwhile, so one may be missed. So data are given a day to live once two searches in a row have not found their
 * marble; a later search that finds it makes them last again.
 */
import type { Connection } from '../redis/connection.js';
import { LARGE_DATA_LAYOUT, type RunKeys } from '../redis/keys.js';
import { callScript } from '../redis/scripts.js';
import type { Audit } from './audit.js';

const SCAN_COUNT = 1000;
const STEP = { marbles: 1000, bytes: 1_048_576, names: 1000 } as const;
const DAY_MS = 86_400_000;

export interface LargeDataFound {
  /** How many keys of large data there are. */
  readonly there: number;
  /** How many of these now have a day to live, because no marble refers to them. */
  readonly unneeded: number;
  /** How many last again, because a marble refers to them after all. */
  readonly needed: number;
}

const NONE: LargeDataFound = { there: 0, unneeded: 0, needed: 0 };

export class LargeDataSearch {
  /** Names for which the last search has found no marble. */
  #missed = new Set<string>();

  /** @internal */
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
    private readonly audit: Audit,
  ) {}

  /** Looks at the whole run once. A run that never had large data costs one command. */
  async find(): Promise<LargeDataFound> {
    const layout = await this.connection.run((redis) => redis.get(this.keys.layout));
    if (layout !== LARGE_DATA_LAYOUT) return NONE;
    const { names, transits } = await this.#scan();
    const missed = new Set(names);
    for await (const place of this.#places(transits)) {
      if (missed.size === 0) break;
      for await (const found of this.#referredIn(place)) for (const name of found) missed.delete(name);
    }
    const again = [...missed].filter((name) => this.#missed.has(name));
    this.#missed = missed;
    const referred = [...names].filter((name) => !missed.has(name));
    const needed = await this.#each(referred, (name) => ['persist', this.keys.data(name)]);
    const unneeded = await this.#each(again, (name) => ['pexpire', this.keys.data(name), String(DAY_MS), 'NX']);
    return { there: names.size, unneeded, needed };
  }

  async #scan(): Promise<{ names: Set<string>; transits: Set<string> }> {
    const found = { names: new Set<string>(), transits: new Set<string>() };
    const data = this.keys.data('');
    for (let cursor = '0'; ;) {
      const pattern = `${this.keys.prefix}[dl]*`;
      const [next, some] = await this.connection.run((redis) =>
        redis.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT),
      );
      for (const key of some) {
        if (key.startsWith(data)) found.names.add(key.slice(data.length));
        if (key.endsWith(':transit')) found.transits.add(key);
      }
      if (next === '0') return found;
      cursor = next;
    }
  }

  async *#places(transits: ReadonlySet<string>): AsyncGenerator<string> {
    yield this.keys.later;
    for await (const places of this.audit.places()) yield* places.map(({ key }) => key);
    yield* [...transits, this.keys.letters];
  }

  async *#referredIn(place: string): AsyncGenerator<string[]> {
    for (let from = '0'; from !== '-1';) {
      const call = { keys: { place }, args: { from, most: STEP.marbles, mostBytes: STEP.bytes } };
      const [next, ...names] = await this.connection.run((redis) => callScript(redis, this.keys, 'referred', call));
      yield names;
      from = next;
    }
  }

  /** Runs a command for each name. Returns for how many it changed something. */
  async #each(names: readonly string[], command: (name: string) => [string, ...string[]]): Promise<number> {
    let changed = 0;
    for (let i = 0; i < names.length; i += STEP.names) {
      const some = names.slice(i, i + STEP.names);
      const replies = await this.connection.run((redis) =>
        Promise.all(some.map((name) => redis.call(...command(name)))),
      );
      changed += replies.filter((reply) => reply === 1).length;
    }
    return changed;
  }
}
