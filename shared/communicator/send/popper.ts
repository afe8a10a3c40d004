/**
 * Takes marbles for good, without a lease or a finish.
 *
 * What may go wrong: BRPOP, which waits for a marble, counts nothing. What it took is counted by a pop of its own right
 * after, and by the next pop of that queue where this one fails.
 */
import { decodeEnvelope, type Envelope } from '../data/envelope.js';
import type { LargeDataReader } from '../data/large-data.js';
import type { Connection } from '../redis/connection.js';
import type { RunKeys } from '../redis/keys.js';
import { callScriptBuffer } from '../redis/scripts.js';
import type { Output } from './outputs.js';
import { PoppedAside } from './popped-aside.js';

export interface Popped {
  readonly queue: string;
  readonly envelope: Envelope;
}

interface Taken extends Popped {
  readonly bytes: Buffer;
}

export interface PopperParts {
  readonly largeData: LargeDataReader;
  readonly push: (outputs: readonly Output[]) => Promise<void>;
}

export class Popper {
  readonly #aside = new PoppedAside();
  #mayPop = false;
  #counting: Promise<unknown> | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
    private readonly parts: PopperParts,
  ) {}

  /** Serves the queues in strict order. */
  async pop(queues: readonly string[], count: number): Promise<Popped[]> {
    const lists = { moreKeys: queues.map((queue) => this.keys.queue(queue)), moreArgs: queues };
    if (!this.#mayPop) await this.connection.mustBeAllowed('pop');
    this.#mayPop = true;
    const { n, members } = this.#aside.take(queues[0]!);
    const args = { most: count, aside: n, members };
    const reply = await this.connection
      .run((redis) => callScriptBuffer(redis, this.keys, 'pop', { args, ...lists }))
      .catch((error: unknown) => {
        this.#aside.putBack(queues[0]!, { n, members }); // counted with the next pop
        throw error;
      });
    const popped = reply.flatMap(([queue, ...envelopes]) =>
      envelopes.map((bytes) => ({ queue: String(queue), bytes, envelope: decodeEnvelope(bytes) })),
    );
    return this.#whole(popped);
  }

  /** Reads large data, then deletes them. Marbles whose data are not there go to the dead, where people find them. */
  async #whole(popped: readonly Taken[]): Promise<Popped[]> {
    if (!popped.some(({ envelope }) => envelope.large)) return [...popped];
    const missing = await this.parts.largeData.readAll(popped.map(({ envelope }) => envelope));
    await this.parts.largeData.remove(popped.flatMap(({ envelope: { large } }) => large ?? []));
    const reason = JSON.stringify({ why: 'data missing' });
    const lost = popped.filter(({ envelope }) => missing.has(envelope));
    await this.parts.push(lost.map(({ queue, bytes }) => ({ kind: 'dead', queue, envelope: bytes, reason })));
    return popped.filter(({ envelope }) => !missing.has(envelope));
  }

  /** Waits for a marble on a connection of its own. Returns undefined when the time is over. */
  async popBlocking(waiting: Connection, queue: string, ms: number): Promise<Popped | undefined> {
    const found = await waiting.run((redis, again) =>
      again ? Promise.resolve(null) : redis.brpopBuffer(this.keys.queue(queue), ms / 1000),
    );
    if (!found) return undefined;
    let envelope: Envelope | undefined;
    try {
      const [popped] = await this.#whole([{ queue, bytes: found[1], envelope: (envelope = decodeEnvelope(found[1])) }]);
      return popped;
    } finally {
      this.#aside.add(queue, envelope?.member);
      const counted = this.pop([queue], 0).catch(() => undefined); // at once: until then the counts do not have it
      this.#counting = Promise.all([this.#counting, counted]);
    }
  }

  /** Resolves when what was taken so far is counted, as far as that could be done. */
  async settled(): Promise<void> {
    await this.#counting;
  }
}
