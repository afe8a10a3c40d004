/**
 * The dead: marbles that failed or were dropped too often, parked with their reason for a person.
 *
 * Any number of them is read, put back or removed, in steps that are bounded by number and bytes. What may go wrong: a
 * call is cut off between two steps. What is done stays done, and the next call does the rest.
 */
import type { Connection } from '../redis/connection.js';
import { decodeEnvelope, type Envelope } from '../data/envelope.js';
import { KnownData } from '../data/known-data.js';
import type { RunKeys } from '../redis/keys.js';
import { LineTable } from '../send/outputs.js';
import { callScript } from '../redis/scripts.js';

export interface DeadLetter {
  /** The number of the letter. It is unique, unlike the id of a marble, which its sender may choose. */
  readonly serial: string;
  readonly queue: string;
  /** When it died, in ms since 1970 by Redis's clock. */
  readonly at: number;
  /** Why it died: `failed`, `dropped`, `abandoned`, `over its time limit` …, with the error where there was one. */
  readonly reason: Readonly<Record<string, unknown>>;
  /** The marble; undefined where the bytes are not an envelope. */
  readonly envelope: Envelope | undefined;
}

const STEP = { letters: 100, bytes: 1_048_576 } as const;

type Settlement = 'requeue' | 'remove';

export class DeadLetters {
  /** @internal */
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  count(): Promise<number> {
    return this.connection.run((redis) => redis.zcard(this.keys.dead));
  }

  /** Lists the dead, the latest first. `offset` and `limit` count over all queues. */
  async list(offset = 0, limit = 100): Promise<DeadLetter[]> {
    const { dead, letters } = this.keys;
    const serials = await this.connection.run((redis) =>
      redis.zrange(dead, String(offset), String(offset + limit - 1), 'REV'),
    );
    return this.#read(serials, letters);
  }

  /** Reads the letters of these serials that still exist. */
  read(serials: readonly string[]): Promise<DeadLetter[]> {
    return this.#read([...serials], this.keys.letters);
  }

  async get(serial: string): Promise<DeadLetter | undefined> {
    return (await this.#read([serial], this.keys.letters))[0];
  }

  /** Puts letters back at the end of their queues, their attempts forgotten. Returns how many of the serials were letters. */
  requeue(serials: readonly string[], onlyQueue = ''): Promise<number> {
    return this.#settle('requeue', serials, onlyQueue);
  }

  /** Removes letters for good. Returns how many of the serials were letters. */
  remove(serials: readonly string[], onlyQueue = ''): Promise<number> {
    return this.#settle('remove', serials, onlyQueue);
  }

  /** Requeues all letters of a queue, or of every queue, that are there at this moment; the oldest first. Returns how many. */
  async requeueAll(queue = ''): Promise<number> {
    return this.requeue(await this.#all(), queue);
  }

  /** Removes all letters of a queue, or of every queue, that are there at this moment. Returns how many. */
  async removeAll(queue = ''): Promise<number> {
    return this.remove(await this.#all(), queue);
  }

  /** Removes the oldest that are more than `keep` or older than `keepMs`; 0 means no such limit. Returns how many. */
  async expire(keep: number, keepMs: number): Promise<number> {
    const args = { keep, keepMs, most: STEP.letters, mostBytes: STEP.bytes };
    const known = new KnownData(this.keys);
    for (let total = 0; ;) {
      const call = { args, moreKeys: known.keys, moreArgs: known.args };
      const [removed, ...unknown] = await this.connection.run((redis) => callScript(redis, this.keys, 'expire', call));
      if (known.learn(unknown)) continue;
      if (removed === 0) return total;
      known.clear();
      total += removed;
    }
  }

  async #settle(what: Settlement, serials: readonly string[], onlyQueue: string): Promise<number> {
    const table = new LineTable(this.keys);
    const known = new KnownData(this.keys);
    let settled = 0;
    for (let at = 0; at < serials.length;) {
      const step = serials.slice(at, at + STEP.letters);
      const args = { what, only: onlyQueue, mostBytes: STEP.bytes };
      const moreArgs = [table.names.length, ...table.names, ...known.args, ...step];
      const lists = { moreKeys: table.keys.concat(known.keys), moreArgs };
      const [taken, looked, missing, ...unknown] = await this.connection.run((redis) =>
        callScript(redis, this.keys, 'settle', { args, ...lists }),
      );
      settled += taken;
      at += looked;
      if (missing !== '') table.line(missing);
      if (!known.learn(unknown)) known.clear();
    }
    return settled;
  }

  async #all(): Promise<string[]> {
    const serials = await this.connection.run((redis) => redis.zrange(this.keys.dead, '0', '-1'));
    return serials.sort((a, b) => Number(a) - Number(b)); // many die in one millisecond
  }

  async #read(serials: string[], letters: string): Promise<DeadLetter[]> {
    if (serials.length === 0) return [];
    const bodies = await this.connection.run((redis) => redis.hmgetBuffer(letters, ...serials));
    return bodies.flatMap((body, i) => (body ? [readLetter(serials[i]!, body)] : []));
  }
}

function readLetter(serial: string, body: Buffer): DeadLetter {
  const end = body.indexOf(10);
  const about = readAbout(body.toString('utf8', 0, Math.max(end, 0)));
  let envelope: Envelope | undefined;
  try {
    envelope = decodeEnvelope(body.subarray(end + 1));
  } catch {
    envelope = undefined; // this is why it is dead: the reason says so
  }
  return { serial, ...about, envelope };
}

/**
 * Reads the first line of a letter. A line that is not valid is shown all the same, for people to delete: it must not
 * hide the others.
 */
function readAbout(line: string): Pick<DeadLetter, 'queue' | 'at' | 'reason'> {
  try {
    const { queue, at, reason } = JSON.parse(line) as Partial<DeadLetter>;
    if (typeof queue === 'string' && typeof at === 'number' && typeof reason === 'object') return { queue, at, reason };
  } catch {
    // reported below
  }
  return { queue: '-', at: 0, reason: { why: 'unreadable letter' } };
}
