/**
 * Finds what nobody else would: marbles of holders without an entry (evicted, deleted, restored from an old file), and
 * lists whose names are not allowed, which no client can ask for.
 *
 * It looks at the names of all keys of the database, including those of other runs and programs. So it goes in steps,
 * and remembers between turns where it was. A turn costs Redis a bounded time. A whole pass takes more turns the more
 * keys there are.
 */
import type { Redis } from 'ioredis';
import type { Connection } from '../redis/connection.js';
import { isName, type RunKeys } from '../redis/keys.js';
import { callScript } from '../redis/scripts.js';
import { SweepFailures } from './sweep-failures.js';

const SCAN_COUNT = 1000;
const STEP = { holders: 1000, marbles: 100, bytes: 1_048_576 } as const;

/** A list that cannot be asked for by its name. Its key is kept as Redis has it, which may not be text. */
interface Misnamed {
  readonly key: Buffer;
  readonly shown: string;
}

export class OrphanSearch {
  #cursor = '0';

  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  /**
   * Goes on where it was, for so many steps of 1,000 keys, or to the end of the pass. Returns how many holders had no
   * entry.
   */
  async find(steps = Infinity): Promise<number> {
    const holders = new Map<string, string>();
    const misnamed: Misnamed[] = [];
    for (let step = 0; step < steps; step++) {
      const keys = await this.connection.run((redis) => this.#scan(redis));
      for (const key of keys) this.#note(key, holders, misnamed);
      if (this.#cursor === '0') break;
    }
    const found = await this.#enter([...holders]);
    const failures = new SweepFailures();
    for (const list of misnamed) await failures.attempt(list.shown, () => this.#strays(list));
    failures.tell();
    return found;
  }

  async #scan(redis: Redis): Promise<Buffer[]> {
    const [next, keys] = await redis.scanBuffer(this.#cursor, 'MATCH', this.keys.searched, 'COUNT', SCAN_COUNT);
    this.#cursor = String(next);
    return keys;
  }

  #note(key: Buffer, holders: Map<string, string>, misnamed: Misnamed[]): void {
    const name = key.toString('latin1');
    const prefix = [...this.keys.traces, this.keys.queue('')].find((one) => name.startsWith(one));
    if (prefix === undefined) return;
    const rest = name.slice(prefix.length);
    if (prefix === this.keys.queue('')) {
      if (!isName('queue', rest)) misnamed.push({ key, shown: shownName(rest) });
      return;
    }
    const [holder = '', ...words] = rest.split(':');
    const queue = words.join(':');
    if (queue !== '' && !isName('queue', queue)) misnamed.push({ key, shown: shownName(queue) });
    else holders.set(holder, queue || (holders.get(holder) ?? ''));
  }

  async #enter(found: readonly (readonly [holder: string, queue: string])[]): Promise<number> {
    let unknown = 0;
    for (let i = 0; i < found.length; i += STEP.holders) {
      const some = found.slice(i, i + STEP.holders);
      const call = { moreKeys: some.map(([holder]) => this.keys.holder(holder)), moreArgs: some.flat() };
      unknown += await this.connection.run((redis) => callScript(redis, this.keys, 'orphans', call));
    }
    return unknown;
  }

  async #strays({ key, shown }: Misnamed): Promise<void> {
    const call = { keys: { list: key }, args: { shown, most: STEP.marbles, mostBytes: STEP.bytes } };
    while ((await this.connection.run((redis) => callScript(redis, this.keys, 'strays', call))) > 0);
  }
}

/** Rewrites a name so that people can read it, and so that a queue may have it. */
function shownName(name: string): string {
  return name.slice(0, 128).replace(/[^A-Za-z0-9._:/-]/g, '_') || '-';
}
