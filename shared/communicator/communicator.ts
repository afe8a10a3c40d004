/**
 * All traffic with the bus of one run. Only the code in this folder knows Redis.
 *
 * The plain verbs are in this class. Monitored work, recovery, the dead, lanes and status each have a part of their
 * own. What may go wrong on every call: MR_REDIS_UNAVAILABLE, MR_REDIS_AUTH, MR_REDIS_READONLY, MR_REDIS_FULL,
 * MR_REDIS_TOO_OLD, MR_LAYOUT, MR_CLOSED, and MR_BAD_NAME for names. `push` may also throw MR_TOO_FEW_REPLICAS.
 */
import { Audit } from './watch/audit.js';
import { Batches } from './batch/batches.js';
import { BatchSearch } from './batch/batch-search.js';
import { BUS_DEFAULTS, type LinkOptions } from './redis/bus-options.js';
import { destroy, transfer } from './send/bulk.js';
import { LargeDataReader } from './data/large-data.js';
import { Connection, closed } from './redis/connection.js';
import { decodeEnvelope, type Envelope } from './data/envelope.js';
import { GoneConnections } from './watch/gone.js';
import { DeadLetters } from './watch/dead-letters.js';
import { Duties } from './watch/duties.js';
import { Hearts } from './watch/hearts.js';
import { Holders } from './hold/holders.js';
import { HungHolders } from './watch/hung.js';
import { Listening } from './hold/listener.js';
import { checkName, keysOf, type RunKeys } from './redis/keys.js';
import { LargeDataSearch } from './watch/large-data-search.js';
import { LaneSource, LaneTarget } from './lane/lane.js';
import type { Output } from './send/outputs.js';
import { Popper, type Popped } from './send/popper.js';
import { prune } from './watch/pruning.js';
import { QueueReader } from './watch/queue-reader.js';
import { Recovery } from './watch/recovery.js';
import { Replicated } from './redis/replicas.js';
import type { Part } from './redis/rights.js';
import type { QueueStatus, RunStatus } from './watch/run-status.js';
import { Sender } from './send/sender.js';
import { Status } from './watch/status.js';
import { Watchers } from './watch/watchers.js';

export class Communicator {
  readonly run: string;
  readonly recovery: Recovery;
  readonly deadLetters: DeadLetters;
  readonly status: Status;
  readonly queues: QueueReader;
  readonly watchers: Watchers;
  readonly hearts: Hearts;
  readonly goneConnections: GoneConnections;
  readonly hungHolders: HungHolders;
  readonly duties: Duties;
  readonly audit: Audit;
  readonly batches: Batches;
  readonly batchSearch: BatchSearch;
  readonly largeDataSearch: LargeDataSearch;
  /** Reads large data of marbles that are shown. */
  readonly largeData: LargeDataReader;
  /** @internal */
  readonly holders: Holders;
  readonly #options: LinkOptions;
  readonly #connection: Connection;
  readonly #keys: RunKeys;
  readonly #sender: Sender;
  readonly #popper: Popper;
  readonly #waiting = new Set<{ close(): void }>();
  readonly #closed = new AbortController();

  /**
   * Does no I/O: the first call connects. With `shared`, all in this process that ask for the same bus work on one
   * connection.
   */
  constructor(options: LinkOptions = {}, sharing: 'own' | 'shared' = 'own') {
    this.#options = options;
    this.run = options.run ?? 'main';
    this.#keys = keysOf(this.run);
    this.#connection = Connection[sharing](options);
    if (sharing === 'own') this.#connection.keepProcess();
    this.#sender = new Sender(this.#replicated(), this.#keys);
    this.largeData = new LargeDataReader(this.#connection, this.#keys);
    const push = (outputs: readonly Output[]) => this.#sender.push(outputs);
    this.#popper = new Popper(this.#connection, this.#keys, { largeData: this.largeData, push });
    this.recovery = new Recovery(this.#connection, this.#keys);
    this.deadLetters = new DeadLetters(this.#connection, this.#keys);
    this.queues = new QueueReader(this.#connection, this.#keys);
    this.status = new Status(this.#connection, this.#keys, this.queues);
    this.watchers = new Watchers(this.#connection, this.#keys);
    this.hearts = new Hearts(this.#connection, this.#keys);
    this.goneConnections = new GoneConnections(this.#connection, this.#keys);
    this.hungHolders = new HungHolders(this.#connection, this.#keys);
    this.duties = new Duties(this.#connection, this.#keys);
    this.audit = new Audit(this.#connection, this.#keys, this.queues);
    this.batches = new Batches(this.#connection, this.#keys);
    this.largeDataSearch = new LargeDataSearch(this.#connection, this.#keys, this.audit);
    this.batchSearch = new BatchSearch(this.#connection, this.#keys, this.audit);
    const { recovery, largeData } = this;
    const aside = (blockMs: number) => this.#aside(blockMs);
    const listen = (queues: readonly string[], pollMs: number) => this.#listen(queues, pollMs);
    const parts = { recovery, popper: this.#popper, largeData, aside, listen };
    this.holders = new Holders(this.#connection, this.#keys, parts);
  }

  /** `ready`, or what this waits for. */
  get state(): string {
    return this.#connection.state;
  }

  /** True while a command is under way and gets on, however slow the link is. */
  get getsOn(): boolean {
    return this.#connection.getsOn;
  }

  /** True while something was sent that is not answered yet. */
  get isSending(): boolean {
    return this.#sender.busy;
  }

  get address(): string {
    return this.#connection.address;
  }

  /** Aborts with MR_CLOSED when this is disconnected, for callers that wait for something other than Redis. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Calls `listener` whenever the connection ends, whoever has ended it, until this is closed. Safe twice. */
  whenCut(listener: () => void): void {
    this.#connection.whenCut(listener);
  }

  /** Throws where Redis is away or cannot carry the run. */
  async connect(): Promise<void> {
    await this.#connection.run((redis) => redis.ping());
  }

  /**
   * Throws MR_REDIS_AUTH where its user may not do what a part of MarbleRun needs. The error lists all that is missing.
   */
  mustBeAllowed(part: Part): Promise<void> {
    return this.#connection.mustBeAllowed(part);
  }

  /** Sends marbles, in order and all or none. Each is sent exactly once, even if the connection is cut meanwhile. */
  push(outputs: readonly Output[]): Promise<void> {
    return this.#sender.push(outputs);
  }

  /**
   * Sends one marble as `push` does. Resolves with `result`, which saves its caller a promise.
   *
   * @internal
   */
  pushOne<T>(output: Output, result: T): Promise<T> {
    return this.#sender.pushOne(output, result);
  }

  /** Takes marbles for good, without a lease or a finish. It serves queues in strict order. */
  pop(queues: readonly string[], count = 1): Promise<Popped[]> {
    return this.#popper.pop(queues, count);
  }

  /**
   * Moves up to `count` of the marbles that are there from the front of one queue to the end of another. Returns how
   * many.
   */
  transfer(from: string, to: string, count: number): Promise<number> {
    return transfer(this.#connection, this.#keys, [from, to], count);
  }

  /** Shows the marbles that wait, the next one first, without taking them. */
  async dump(queue: string, offset = 0, limit = 100): Promise<Envelope[]> {
    const key = this.#keys.queue(checkName('queue', queue));
    const bytes = await this.#connection.run((redis) => redis.lrangeBuffer(key, -offset - limit, -offset - 1));
    return bytes.map(decodeEnvelope).reverse();
  }

  /** Deletes all that waits in a queue. Returns how many marbles there were. */
  destroy(queue: string): Promise<number> {
    return destroy(this.#connection, this.#keys, queue);
  }

  /** Keeps a value for `ttlMs`. */
  async set(name: string, value: string, ttlMs: number): Promise<void> {
    await this.#connection.run((redis) => redis.set(this.#keys.value(checkName('value', name)), value, 'PX', ttlMs));
  }

  async get(name: string): Promise<string | undefined> {
    return (await this.#connection.run((redis) => redis.get(this.#keys.value(checkName('value', name))))) ?? undefined;
  }

  /** Shows every queue: what waits, what is held, what was counted. */
  show(): Promise<QueueStatus[]> {
    return this.status.queues();
  }

  /** Sums up the whole run in figures. */
  async overview(): Promise<RunStatus> {
    const [monitors, queues, holders, hung, later, dead] = await Promise.all([
      this.watchers.list(),
      this.status.queues(),
      this.status.holderCount(),
      this.hungHolders.look(),
      this.status.laterCount(),
      this.deadLetters.count(),
    ]);
    return { run: this.run, redis: this.state, monitors, queues, holders, hung: hung.length, later, dead };
  }

  /**
   * Forgets queues that have been seen empty and still for `stillMs`, with their counts. It also removes invalid names
   * from the registries. Returns how many queues it forgot.
   */
  prune(stillMs: number): Promise<number> {
    return prune(this.#connection, this.#keys, this.queues, stillMs);
  }

  laneSource(name: string): LaneSource {
    return new LaneSource(this.#connection, this.#keys, checkName('lane', name), this.largeData);
  }

  laneTarget(): LaneTarget {
    return new LaneTarget(this.#replicated(), this.#keys);
  }

  /** Waits for sends under way, then disconnects. Safe twice. */
  async close(): Promise<void> {
    await Promise.all([this.#sender.settled(), this.#popper.settled()]);
    this.disconnect();
  }

  /** Disconnects at once; what is under way fails with MR_CLOSED. */
  disconnect(): void {
    this.#closed.abort(closed());
    for (const connection of [this.#connection, ...this.#waiting]) connection.close();
  }

  #aside(blockMs: number): Connection {
    const connection = Connection.own(this.#options, blockMs);
    this.#waiting.add(connection);
    return connection;
  }

  #listen(queues: readonly string[], pollMs: number): Listening {
    const listening = new Listening(
      { options: this.#options, keys: this.#keys, queues, pollMs },
      {
        unblock: (waiting) => this.#connection.unblock(waiting),
        left: (one) => void this.#waiting.delete(one),
      },
    );
    this.#waiting.add(listening);
    return listening;
  }

  #replicated(): Replicated {
    const { replicas, replicasTimeoutMs } = { ...BUS_DEFAULTS, ...this.#options };
    const connection = replicas > 0 ? this.#aside(replicasTimeoutMs) : this.#connection;
    return new Replicated(connection, { replicas, replicasTimeoutMs });
  }
}
