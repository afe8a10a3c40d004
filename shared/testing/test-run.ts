/**
 * A run of its own for each test. The chores of a Monitor are done by hand, so that a test decides when.
 *
 * What may go wrong: Redis is away (MR_REDIS_UNAVAILABLE), or `untilDone` waits in vain; then it throws what is left.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkOptions, having, whole, type Rules } from '../check-options.js';
import type { Envelope } from '../communicator/data/envelope.js';
import { Communicator } from '../communicator/communicator.js';
import { Connection } from '../communicator/redis/connection.js';
import { ForTests } from '../communicator/for-tests.js';
import { keysOf } from '../communicator/redis/keys.js';
import { decodeData } from '../marble/codec.js';
import { Marble } from '../marble/marble.js';
import { MARBLE_DEFAULTS, resolveOptions, type MarbleOptions } from '../marble/options.js';
import type { Codec, Queues } from '../marble/types.js';

export interface TestRunOptions {
  /** The address of Redis. Default: as for a `Marble`, from the environment. */
  readonly redis?: MarbleOptions['redis'];
  /** The codec with which `waiting` and `dead` read data. Default: JSON. */
  readonly codec?: Codec;
}

const RULES: Rules = { redis: having('as for a Marble', () => true), codec: having('as for a Marble', () => true) };
const LOOK_MS = 5;
const MOST_SHOWN = 10_000;

/** Makes a run; does no I/O. End it with `close`. */
export function testRun(options: TestRunOptions = {}): TestRun {
  return new TestRun(options);
}

export class TestRun {
  /** The address of Redis, for a `Marble`, a Monitor, or another process. */
  readonly redis: NonNullable<MarbleOptions['redis']>;
  readonly run = `test-${randomBytes(8).toString('hex')}`;
  readonly #codec: Codec | undefined;
  readonly #communicator: Communicator;
  readonly #connection: Connection;
  readonly #only: ForTests;
  readonly #marbles: Pick<Marble, 'close'>[] = [];

  constructor(options: TestRunOptions) {
    checkOptions('testRun', options, RULES);
    this.#codec = options.codec;
    const bus = resolveOptions({ ...options, run: this.run });
    this.redis = bus.redis;
    this.#communicator = new Communicator(bus);
    this.#connection = Connection.own(bus);
    this.#only = new ForTests(this.#connection, keysOf(this.run));
  }

  /** Makes a client of this run; `close` closes it. */
  marble<Q extends object = Queues>(options: Omit<MarbleOptions, 'redis' | 'run'> = {}): Marble<Q> {
    const standard = this.#codec ? { codec: this.#codec } : {};
    const marble = new Marble<Q>({ ...standard, ...options, redis: this.redis, run: this.run });
    this.#marbles.push(marble);
    return marble;
  }

  /** Brings back what was dropped and promotes what is due, until nothing moves. */
  async settle(): Promise<void> {
    const { recovery } = this.#communicator;
    for (;;) {
      const { returned, dead } = await recovery.sweep(MARBLE_DEFAULTS.maxAttempts);
      const { moved } = await recovery.promote();
      if (returned + dead + moved === 0) return;
    }
  }

  /**
   * Lets time pass for delayed marbles and retries: those that are due within it are in their queues when this returns.
   */
  async advance(ms: number): Promise<void> {
    checkOptions('advance', { ms }, { ms: whole(0) });
    await this.#only.advance(ms);
    await this.settle();
  }

  /**
   * Ends every lease, as if its worker had been silent for too long: held marbles come back, and are handed out again.
   */
  async loseLeases(): Promise<void> {
    const holders = await this.#communicator.status.holders();
    for (const { holder } of holders) {
      // A heartbeat that comes before the sweep revives the lease: it is ended until its holder is gone.
      while (await this.#communicator.recovery.endLease(holder)) await this.settle();
    }
  }

  /** Settles until nothing waits and nothing is in hand; delayed marbles stay delayed. Throws what is left. */
  async untilDone({ timeoutMs = 5000 }: { readonly timeoutMs?: number } = {}): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (let before = ''; ;) {
      await this.settle();
      const queues = await this.#communicator.status.queues();
      const left = queues.filter(({ depth, held }) => depth + held > 0);
      // It looks twice: a marble that moves during one look is seen by the other.
      const now = JSON.stringify(queues.map(({ counts }) => counts));
      if (left.length === 0 && now === before && (await this.#inPlay()) === 0) return;
      before = now;
      if (Date.now() > deadline) throw new Error(`not done within ${timeoutMs} ms: ${left.map(inWords).join(', ')}`);
      await sleep(LOOK_MS);
    }
  }

  /** Returns the data of the marbles that wait in a queue, the next one first; 10,000 at most. */
  async waiting(queue: string): Promise<unknown[]> {
    const envelopes = await this.#communicator.dump(queue, 0, MOST_SHOWN);
    await this.#communicator.largeData.readAll(envelopes);
    return envelopes.map((envelope) => this.#data(envelope));
  }

  /** Returns the dead letters, the latest first. */
  async dead(): Promise<{ queue: string; data: unknown; reason: unknown }[]> {
    const letters = await this.#communicator.deadLetters.list(0, MOST_SHOWN);
    await this.#communicator.largeData.readAll(letters.flatMap(({ envelope }) => envelope ?? []));
    return letters.map(({ queue, reason, envelope }) => ({
      ...{ queue, reason },
      data: envelope && this.#data(envelope),
    }));
  }

  /** Closes the clients, erases the run, and leaves nothing open. */
  async close(): Promise<void> {
    await Promise.all(this.#marbles.splice(0).map((marble) => marble.close()));
    await this.#only.erase();
    this.#connection.close();
    await this.#communicator.close();
  }

  /**
   * Counts all marbles but the delayed and the dead. It includes those that were just handed over and are not counted
   * as taken yet.
   */
  async #inPlay(): Promise<number> {
    const { audit, status, deadLetters } = this.#communicator;
    const [{ there }, later, dead] = await Promise.all([audit.take(), status.laterCount(), deadLetters.count()]);
    return there - later - dead;
  }

  #data(envelope: Envelope): unknown {
    return decodeData(envelope, this.#codec);
  }
}

function inWords({ queue, depth, held }: { queue: string; depth: number; held: number }): string {
  return `queue ${queue}: ${depth} wait, ${held} in hand`;
}
