/**
 * A run on a real Redis, and a user of it whose rights and keys a test can spoil and mend again.
 *
 * It knows which marbles were sent, and looks for them everywhere in the run. After everything was mended and a Monitor
 * has swept, a marble is lost that is in no queue, outbox, transit or letter, and is not delayed.
 */
import { randomBytes } from 'node:crypto';
import { Cable } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { holdersOf, keysOf, type Holding } from '@marblerun/internal';
import { Communicator, encodeEnvelope, type Header, type Output } from 'marblerun/communicator';
import { findLargeData, largeDataOf } from '../model/large-data.js';

export interface HolderOptions {
  readonly timeLimitMs?: number;
  readonly maxAttempts?: number;
  readonly takesAhead?: boolean;
}

const HOUR_MS = 3_600_000;
const WATCHED = ['a', 'b', 'backs', 'fronts'];

export class Place {
  readonly run = `test-${randomBytes(6).toString('hex')}`;
  readonly keys = keysOf(this.run);
  /** A connection that has all rights, always. */
  readonly redis: Redis;
  readonly admin: Communicator;
  readonly user: Communicator;
  /** Marbles that were acknowledged, and not finished, deleted or handed over for good. */
  readonly sent = new Set<string>();
  /** The outputs of each marble: a finished marble is not lost where these took its place. */
  readonly outputsOf = new Map<string, readonly string[]>();
  /** True: all marbles have large data from now on. */
  isLarge = false;
  #ids = 0;
  #cable: Cable | undefined;
  #far: Communicator | undefined;

  private constructor(readonly url: string) {
    this.redis = new Redis(url);
    this.admin = new Communicator({ redis: url, run: this.run });
    this.user = new Communicator({ redis: url.replace('//', `//${this.run}:secret@`), run: this.run });
  }

  static async open(url: string): Promise<Place> {
    const place = new Place(url);
    await place.redis.acl('SETUSER', place.run, 'on', '>secret', 'allkeys', 'allchannels', '+@all');
    await Promise.all([place.admin.connect(), place.user.connect()]);
    // whatever pushes to these wakes
    for (const queue of WATCHED) await place.redis.hset(place.keys.watched, queue, Date.now() + HOUR_MS);
    return place;
  }

  async close(): Promise<void> {
    await Promise.all([this.admin.close(), this.user.close(), this.#far?.close()]);
    await this.#cable?.close();
    await this.redis.acl('DELUSER', this.run);
    await this.redis.quit();
  }

  output(kind: Output['kind'], queue: string, header: Partial<Header> = {}): Output & { id: string } {
    const id = `m${++this.#ids}.`;
    const large = this.isLarge ? largeDataOf(id) : undefined;
    const about = { id, attempt: 0, sentAt: Date.now(), type: 'j', ...header, ...(large && { large }) } as const;
    const envelope = encodeEnvelope(about, large ? '' : '1');
    return { id, kind, queue, envelope, delayMs: 1, reason: '{"why":"tested"}', member: header.member, large };
  }

  async send(n: number, kind: Output['kind'], queue: string, header: Partial<Header> = {}): Promise<string[]> {
    const outputs = Array.from({ length: n }, () => this.output(kind, queue, header));
    await this.admin.push(outputs);
    for (const { id } of outputs) this.sent.add(id);
    return outputs.map(({ id }) => id);
  }

  /** Returns the user with a connection that breaks instead of bringing the reply to the next request with `text`. */
  async userLosingReplyTo(text: string): Promise<Communicator> {
    this.#cable = await Cable.to(this.url);
    this.#far = new Communicator({ redis: this.#cable.url.replace('//', `//${this.run}:secret@`), run: this.run });
    void this.#cable.loseReplyTo(text);
    return this.#far;
  }

  /** Enters a holder of the user's. */
  async enter(options: HolderOptions = {}, user = this.user): Promise<Holding> {
    const waiting = holdersOf(user).waitingConnection(1000);
    const description = { host: 'test' };
    const holding = holdersOf(user).holding(waiting, {
      ...{ leaseMs: HOUR_MS, timeLimitMs: 0, maxAttempts: 3, description },
      ...options,
    });
    await holding.enter();
    return holding;
  }

  /** Does what a Monitor does, until nothing is left to do; the lease of every holder passes first. */
  async recover(): Promise<void> {
    const { recovery } = this.admin;
    await recovery.findOrphans();
    for (const holder of await this.redis.zrange(this.keys.holders, '0', '-1')) await recovery.endLease(holder);
    await recovery.sweep(3);
    await recovery.promote();
  }

  /** Lists marbles that were sent and are nowhere that a worker, an Elevator or a person takes them from. */
  async lost(gone: readonly string[]): Promise<string[]> {
    const found = await this.#everything();
    const isThere = (id: string) => found.includes(`${id} `);
    const replaced = (id: string) => this.outputsOf.get(id)?.every(isThere) === true;
    return [...this.sent].filter((id) => !gone.includes(id) && !isThere(id) && !replaced(id));
  }

  /** Lists marbles that are there and whose large data are not, or would go by themselves. */
  async withoutData(): Promise<string[]> {
    const { lasting, expected } = await findLargeData(this.redis, this.run);
    return expected.flatMap(([name, data]) => (lasting.get(name) === data ? [] : [`${data} is missing`]));
  }

  /** Lists marbles that are there more than twice. */
  async tripled(): Promise<string[]> {
    const found = await this.#everything();
    return [...this.sent].filter((id) => found.split(`${id} `).length > 3);
  }

  async #everything(): Promise<string> {
    const { later, dead, letters } = this.keys;
    const lists = await this.redis.keys(`mr:{${this.run}}:*`);
    const text: string[] = [];
    for (const key of lists) {
      if (/\}:(q|up|lane):/.test(key) && (await this.redis.type(key)) === 'list')
        text.push(...(await this.redis.lrange(key, 0, -1)));
    }
    text.push(...(await this.redis.zrange(later, '0', '-1')));
    const serials = new Set(await this.redis.zrange(dead, '0', '-1'));
    for (const [serial, letter] of Object.entries(await this.redis.hgetall(letters)))
      if (serials.has(serial)) text.push(letter);
    return text.join('\n').replace(/\n/g, ' \n');
  }
}
