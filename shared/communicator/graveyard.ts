/**
 * The dead: marbles that failed or were dropped too often, parked with their reason for a person.
 *
 * Any number of them is read, put back or removed, in steps that are bounded by number and bytes. What may go wrong: a
 * call is cut off between two steps. What is done stays done, and the next call does the rest.
 */
import type { Connection } from './connection.js';
import { decodeEnvelope, type Envelope } from './envelope.js';
import type { RunKeys } from './keys.js';
import { LineTable } from './outputs.js';
import { callScript } from './scripts.js';

export interface DeadMarble {
  /** The number of the grave. It is unique, unlike the id of a marble, which its sender may choose. */
  readonly serial: string;
  readonly queue: string;
  /** When it died, in ms since 1970 by Redis's clock. */
  readonly at: number;
  /** Why it died: `failed`, `dropped`, `abandoned`, `over its time limit` …, with the error where there was one. */
  readonly reason: Readonly<Record<string, unknown>>;
  /** The marble; undefined where the bytes are not an envelope. */
  readonly envelope: Envelope | undefined;
}

const STEP = { graves: 100, bytes: 1_048_576 } as const;

export type Exhumation = 'requeue' | 'delete';

export class Graveyard {
  /** @internal */
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  count(): Promise<number> {
    return this.connection.run((redis) => redis.zcard(this.keys.dead));
  }

  /** Lists the dead, the latest first. `offset` and `limit` count over all queues. */
  async list(offset = 0, limit = 100): Promise<DeadMarble[]> {
    const { dead, graves } = this.keys;
    const serials = await this.connection.run((redis) =>
      redis.zrange(dead, String(offset), String(offset + limit - 1), 'REV'),
    );
    return this.#read(serials, graves);
  }

  /** Reads the graves of these serials that still exist. */
  read(serials: readonly string[]): Promise<DeadMarble[]> {
    return this.#read([...serials], this.keys.graves);
  }

  async get(serial: string): Promise<DeadMarble | undefined> {
    return (await this.#read([serial], this.keys.graves))[0];
  }

  /**
   * Takes marbles out of their graves. `requeue` puts them at the end of their queues and forgets their attempts.
   * Returns how many of the serials were graves.
   */
  async exhume(what: Exhumation, serials: readonly string[], onlyQueue = ''): Promise<number> {
    const table = new LineTable(this.keys);
    let exhumed = 0;
    for (let at = 0; at < serials.length;) {
      const step = serials.slice(at, at + STEP.graves);
      const args = { what, only: onlyQueue, mostBytes: STEP.bytes };
      const lists = { moreKeys: table.keys, moreArgs: [table.names.length, ...table.names, ...step] };
      const [taken, looked, missing] = await this.connection.run((redis) =>
        callScript(redis, this.keys, 'exhume', { args, ...lists }),
      );
      exhumed += taken;
      at += looked;
      if (missing !== '') table.line(missing);
    }
    return exhumed;
  }

  /** Takes out all that are dead at this moment, of one queue or of every queue, the oldest first. Returns how many. */
  async exhumeAll(what: Exhumation, queue = ''): Promise<number> {
    const serials = await this.connection.run((redis) => redis.zrange(this.keys.dead, '0', '-1'));
    serials.sort((a, b) => Number(a) - Number(b)); // many die in one millisecond
    return this.exhume(what, serials, queue);
  }

  /** Removes the oldest that are more than `keep` or older than `keepMs`; 0 means no such limit. Returns how many. */
  async expire(keep: number, keepMs: number): Promise<number> {
    const args = { keep, keepMs, most: STEP.graves, mostBytes: STEP.bytes };
    for (let total = 0; ;) {
      const removed = await this.connection.run((redis) => callScript(redis, this.keys, 'expire', { args }));
      if (removed === 0) return total;
      total += removed;
    }
  }

  async #read(serials: string[], graves: string): Promise<DeadMarble[]> {
    if (serials.length === 0) return [];
    const bodies = await this.connection.run((redis) => redis.hmgetBuffer(graves, ...serials));
    return bodies.flatMap((body, i) => (body ? [readGrave(serials[i]!, body)] : []));
  }
}

function readGrave(serial: string, body: Buffer): DeadMarble {
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
 * Reads the first line of a grave. A line that is not valid is shown all the same, for people to delete: it must not
 * hide the others.
 */
function readAbout(line: string): Pick<DeadMarble, 'queue' | 'at' | 'reason'> {
  try {
    const { queue, at, reason } = JSON.parse(line) as Partial<DeadMarble>;
    if (typeof queue === 'string' && typeof at === 'number' && typeof reason === 'object') return { queue, at, reason };
  } catch {
    // reported below
  }
  return { queue: '-', at: 0, reason: { why: 'unreadable grave' } };
}
