/**
 * The dead: marbles that failed or were dropped too often, parked with their reason for a person.
 */
import type { Connection } from './connection.js';
import { decodeEnvelope, type Envelope } from './envelope.js';
import type { RunKeys } from './keys.js';
import { runKeys } from './outputs.js';
import { callScript } from './scripts.js';

export interface DeadMarble {
  /** Of the grave: unique, unlike the id of a marble, which its sender may choose. */
  readonly serial: string;
  readonly queue: string;
  /** When it died, in ms since 1970 by Redis's clock. */
  readonly at: number;
  /** Why: `failed`, `dropped`, `abandoned`, `over its time limit` …, with the error where there was one. */
  readonly reason: Readonly<Record<string, unknown>>;
  /** Undefined where the bytes are no envelope. */
  readonly envelope: Envelope | undefined;
}

const CHUNK = 100;

export class Graveyard {
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  count(): Promise<number> {
    return this.connection.run((redis) => redis.zcard(this.keys.dead));
  }

  /** The latest first; `offset` and `limit` count over all queues. */
  async list(offset = 0, limit = 100): Promise<DeadMarble[]> {
    const { dead, graves } = this.keys;
    const serials = await this.connection.run((redis) =>
      redis.zrange(dead, String(offset), String(offset + limit - 1), 'REV'),
    );
    return this.#read(serials, graves);
  }

  async get(serial: string): Promise<DeadMarble | undefined> {
    return (await this.#read([serial], this.keys.graves))[0];
  }

  /** Back to the end of its queue, its attempts forgotten. False where there is no such grave. */
  requeue(serial: string): Promise<boolean> {
    return this.#find(serial, 'requeue');
  }

  /** All of a queue, or of every queue, that are dead at this moment. Returns how many. */
  async requeueAll(queue?: string): Promise<number> {
    const serials = await this.connection.run((redis) => redis.zrange(this.keys.dead, '0', '-1'));
    let requeued = 0;
    for (let i = 0; i < serials.length; i += CHUNK) {
      for (const grave of await this.#read(serials.slice(i, i + CHUNK), this.keys.graves)) {
        if (queue === undefined || grave.queue === queue) requeued += Number(await this.#exhume(grave, 'requeue'));
      }
    }
    return requeued;
  }

  delete(serial: string): Promise<boolean> {
    return this.#find(serial, 'delete');
  }

  async #find(serial: string, what: 'requeue' | 'delete'): Promise<boolean> {
    const grave = await this.get(serial);
    return grave !== undefined && this.#exhume(grave, what);
  }

  async #exhume({ serial, queue }: DeadMarble, what: 'requeue' | 'delete'): Promise<boolean> {
    const keys = [...runKeys(this.keys), this.keys.queue(queue)];
    return (await this.connection.run((redis) => callScript(redis, 'exhume', keys, [serial, what, queue]))) === 1;
  }

  async #read(serials: string[], graves: string): Promise<DeadMarble[]> {
    if (serials.length === 0) return [];
    const bodies = await this.connection.run((redis) => redis.hmgetBuffer(graves, ...serials));
    return bodies.flatMap((body, i) => (body ? [readGrave(serials[i]!, body)] : []));
  }
}

function readGrave(serial: string, body: Buffer): DeadMarble {
  const end = body.indexOf(10);
  const about = JSON.parse(body.toString('utf8', 0, end)) as {
    queue: string;
    at: number;
    reason: Record<string, unknown>;
  };
  let envelope: Envelope | undefined;
  try {
    envelope = decodeEnvelope(body.subarray(end + 1));
  } catch {
    envelope = undefined; // that is why it is dead: the reason says so
  }
  return { serial, ...about, envelope };
}
