/**
 * The class that a worker script imports: it waits for a marble, sends others on, and finishes.
 *
 * The life of a marble: `send` puts it into a queue. `wait` takes it, and from then on this Marble (one holder) has it
 * on its lease. `finish` ends it. What may go wrong: the script is killed, hangs, or waits again without a finish. Then
 * the Monitor brings the marble back with its attempt raised, and a `finish` that comes after that throws MR_LEASE_LOST
 * and changes nothing.
 */
import { Communicator } from '../communicator/communicator.js';
import { newId } from '../communicator/data/envelope.js';
import type { Failure } from '../communicator/data/header.js';
import type { Holding } from '../communicator/hold/holding.js';
import type { Output } from '../communicator/send/outputs.js';
import type { RunStatus } from '../communicator/watch/run-status.js';
import { MarbleRunError, isMarbleRunError } from '../errors.js';
import { bad, checkOptions } from '../check-options.js';
import { Batch, type BatchPlace } from './batch.js';
import type { BatchOptions } from './batch-options.js';
import { Pace, type BatchProgress } from './batch-progress.js';
import { expectMonitor, forgetMonitor } from './expect-monitor.js';
import { keepBack } from './kept-back.js';
import { HolderSession } from './holder-session.js';
import type { InHand } from './in-hand.js';
import { Loop } from './loop.js';
import type { FailOptions } from './loop-marble.js';
import { resolveOptions, type MarbleOptions, type ResolvedOptions } from './options.js';
import { SendPlace, checkMany, type SendKind } from './outgoing.js';
import { OutsideSends } from './outside-sends.js';
import { checkItems, sendMany, type Items } from './send-many.js';
import type { SendOptions, UndelayedOptions } from './send-options.js';
import { Telemetry, told } from './telemetry.js';
import type { Arriving, Handler, HeldOf, LoopMarbleOf, QueueOf, Queues, Signal } from './types.js';
import {
  BATCHES_RULES,
  EACH_RULES,
  WAIT_RULES,
  queueNames,
  type BatchesOptions,
  type EachOptions,
  type WaitOptions,
} from './wait-options.js';
import { Worker, type WorkOptions } from './work.js';

/** The time that an idle client takes to close: whatever it could still tell Redis can be left to its lease. */
const IDLE_CLOSE_MS = 2000;

/**
 * A client of a run. `Q` is the data of each queue as it is sent. `A` is the data as it arrives, where that is not what
 * JSON makes of it.
 */
export class Marble<Q extends object = Queues, A extends { [K in keyof Q]: unknown } = Arriving<Q>> {
  readonly #options: ResolvedOptions;
  readonly #telemetry: Telemetry | undefined;
  readonly #communicator: Communicator;
  readonly #session: HolderSession | undefined;
  readonly #loop: Loop;
  readonly #workers = new Set<Worker>();
  readonly #outsideSends = new OutsideSends();
  readonly #batchPlace: BatchPlace;
  readonly #sends: SendPlace;
  #closing: Promise<void> | undefined;

  /** Checks the options and does no I/O: the first call connects. Throws MR_BAD_OPTION, MR_BAD_NAME. */
  constructor(options: MarbleOptions = {}) {
    this.#options = resolveOptions(options);
    this.#telemetry = Telemetry.of(this.#options);
    this.#communicator = new Communicator(this.#options, 'shared');
    const session = { takesAhead: false, lost: (holding: Holding) => this.#loop.lost(holding) };
    this.#session = this.#options.monitored ? new HolderSession(this.#communicator, this.#options, session) : undefined;
    this.#loop = new Loop(this.#communicator, this.#session, this.#options, this.#telemetry);
    this.#sends = new SendPlace(this.#options, this.#loop);
    const mustBeOpen = () => this.#mustBeOpen();
    this.#batchPlace = {
      communicator: this.#communicator,
      options: this.#options,
      telemetry: this.#telemetry,
      mustBeOpen,
    };
  }

  /** The id of the marble in hand. */
  get id(): string | undefined {
    return this.#loop.inHand?.held.envelope.id;
  }

  /** The number of this delivery of the marble in hand, from 1. */
  get attempt(): number | undefined {
    return this.#loop.inHand && this.#loop.inHand.held.envelope.attempt + 1;
  }

  /** The latest deliveries of the marble in hand that were not finished, the oldest first. */
  get failures(): readonly Failure[] {
    return this.#loop.inHand?.held.envelope.failures ?? [];
  }

  /** The queue that the marble in hand came from. */
  get queue(): string | undefined {
    return this.#loop.inHand?.held.queue;
  }

  /** A signal that is aborted when the marble in hand is known to have been taken back. */
  get signal(): Signal | undefined {
    return this.#loop.inHand?.signal;
  }

  /**
   * Waits for the next marble and returns its data. Several queues are taken from in strict order. A marble that is
   * still in hand is abandoned: the Monitor brings it back with its attempt raised.
   */
  wait<K extends QueueOf<Q>>(
    queues: K | readonly K[],
    options?: EachOptions & { timeoutMs?: undefined },
  ): Promise<A[K]>;
  wait<K extends QueueOf<Q>>(queues: K | readonly K[], options: WaitOptions): Promise<A[K] | undefined>;
  async wait<K extends QueueOf<Q>>(queues: K | readonly K[], options: WaitOptions = {}): Promise<A[K] | undefined> {
    this.#mustBeOpen();
    checkOptions('wait', options, WAIT_RULES);
    const { timeoutMs = Infinity, signal } = options;
    return (await this.#loop.take(queueNames(queues), timeoutMs, signal)) as A[K] | undefined;
  }

  /** Takes the next marble as `wait` does, but returns undefined at once where nothing waits. */
  check<K extends QueueOf<Q>>(queues: K | readonly K[]): Promise<A[K] | undefined> {
    return this.wait(queues, { timeoutMs: 0 });
  }

  /**
   * Loops over marbles: `for await (const held of marble.each('pages'))`. Finish each one before the next. The loop
   * ends by itself when the Marble is closed or the signal is aborted; the marble in hand is then given back.
   */
  each<K extends QueueOf<Q>>(
    queues: K | readonly K[],
    options: EachOptions = {},
  ): AsyncGenerator<LoopMarbleOf<A, K & keyof A & string>, void, undefined> {
    this.#mustBeOpen();
    checkOptions('each', options, EACH_RULES);
    const each = this.#loop.each(queueNames(queues), options.signal);
    return each as AsyncGenerator<never, void, undefined>;
  }

  /**
   * Sends to the end of a queue. With `atomic` and a marble in hand, the send goes together with its `finish`. Returns
   * the id.
   */
  send<K extends QueueOf<Q>>(queue: K, data: Q[K], options?: SendOptions): Promise<string> {
    return this.#sendOne('back', queue, data, options);
  }

  /** Sends to the front of a queue. */
  expedite<K extends QueueOf<Q>>(queue: K, data: Q[K], options?: UndelayedOptions): Promise<string> {
    return this.#sendOne('front', queue, data, options);
  }

  /** Sends to a queue of a higher run. The marble waits here until an Elevator carries it there. */
  elevate<K extends QueueOf<Q>>(queue: K, data: Q[K], options?: UndelayedOptions): Promise<string> {
    return this.#sendOne('up', queue, data, options);
  }

  /**
   * Sends any number of marbles, in order and with bounded memory. Returns how many. Throws a SendManyError: `sent` of
   * them are in Redis, and the item at `index` is the first that is not.
   */
  async sendMany<K extends QueueOf<Q>>(
    queue: K,
    items: Items<Q[K]>,
    options?: Omit<SendOptions, 'id'>,
  ): Promise<number> {
    this.#mustBeOpen();
    checkMany(queue, options);
    checkItems(items);
    if (this.#workers.size > 0) this.#outsideSends.look('sendMany');
    let sent = 0;
    const sending = this.#telemetry?.sending(queue, this.#loop.inHand?.processing, undefined, () => sent);
    const sends = this.#sends.traced(sending?.traceparent);
    return told(sending, () =>
      sendMany(
        items,
        (data) => sends.outgoing('back', queue, data, options),
        async (outputs) => {
          await this.#push(outputs);
          sent += outputs.length;
        },
      ),
    );
  }

  /** Ends the marble in hand and commits what was kept back. Throws MR_NOTHING_HELD, MR_LEASE_LOST. */
  finish(): Promise<void> {
    return this.#loop.finish();
  }

  /**
   * Gives the marble in hand back for another attempt, by default after a backoff. After `maxAttempts` it is dead.
   * Throws MR_NOTHING_HELD, MR_LEASE_LOST.
   */
  async fail(error: unknown, options?: FailOptions): Promise<void> {
    await this.#loop.fail(error, options);
  }

  /** Tells people what this worker is doing, in 200 characters at most: the Monitor shows it in its list of holders. */
  async report(message: string): Promise<void> {
    this.#mustBeOpen();
    if (typeof message !== 'string') bad('report.message', message, 'a string');
    await this.#session?.report(message);
  }

  /**
   * Opens a batch, or joins the one of that name: marbles that are counted together, and one that is sent when all of
   * them are done with (docs/BATCHES.md). Throws MR_BATCH_OTHER where the batch exists with other settings.
   */
  batch(name: string, options?: BatchOptions): Promise<Batch<Q>> {
    return Batch.open<Q>(this.#batchPlace, name, options);
  }

  /** Lists the batches of the run: open ones first, then complete ones, the latest first. */
  async batches(options: BatchesOptions = {}): Promise<BatchProgress[]> {
    this.#mustBeOpen();
    checkOptions('batches', options, BATCHES_RULES);
    const { offset = 0, limit = 100 } = options;
    const states = await this.#communicator.batches.list(offset, limit);
    return states.map((state) => new Pace().progress(state));
  }

  /**
   * Tells how the run is: its Monitors, queues and figures. It is meant for people and tests, since it reads all
   * queues.
   */
  status(): Promise<RunStatus> {
    return this.#communicator.overview();
  }

  /**
   * Works on a queue with a handler, many marbles at a time. Marbles that the handler sends are committed with its
   * finish; an error that it throws is a failed attempt. The worker starts at once; call `stop()` on it to end it.
   */
  work<K extends QueueOf<Q>>(
    queues: K | readonly K[],
    handler: Handler<A[K], Q, HeldOf<Q, A, K>>,
    options: WorkOptions = {},
  ): Worker {
    this.#mustBeOpen();
    if (!this.#options.monitored) bad('Marble.monitored', false, 'true, for work');
    const names = queueNames(queues);
    if (typeof handler !== 'function') bad('work.handler', handler, 'a function that works on one marble');
    const stopped = () => void this.#workers.delete(worker);
    const job = { queues: names, handler: handler as never, stopped };
    const worker: Worker = new Worker(this.#communicator, this.#options, job, options);
    this.#workers.add(worker);
    return worker;
  }

  /**
   * Stops workers, gives back what is held, waits for sends under way, and disconnects. Safe to call twice. Throws
   * MR_CLOSED when that took longer than `closeTimeoutMs`: what is held then comes back after its lease.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  /**
   * Closes the client. An idle one has nothing to lose: where Redis is away it ends at once, and its lease runs out by
   * itself.
   */
  async #close(): Promise<void> {
    const isIdle = !this.#loop.inHand && !this.#communicator.isSending && [...this.#workers].every(({ idle }) => idle);
    if (isIdle && this.#communicator.state !== 'ready') this.#communicator.disconnect();
    const { closeTimeoutMs } = this.#options;
    const mostMs = isIdle ? Math.min(closeTimeoutMs, IDLE_CLOSE_MS) : closeTimeoutMs;
    const timer = setTimeout(() => this.#communicator.disconnect(), mostMs);
    try {
      const ended = await Promise.allSettled([
        this.#loop.close(),
        ...[...this.#workers].map((worker) => worker.stop()),
      ]);
      await this.#session?.leave();
      for (const end of ended) if (end.status === 'rejected') throw end.reason;
    } catch (error) {
      if (!isIdle || !isMarbleRunError(error, 'MR_CLOSED')) throw error;
    } finally {
      forgetMonitor(this.#communicator);
      await this.#communicator.close();
      clearTimeout(timer);
    }
  }

  /**
   * Sends one marble. It is not async: a call that waits would keep `data` alive while its marble is under way, and V8
   * would take that as a sign that such objects grow old.
   */
  #sendOne(kind: SendKind, queue: string, data: unknown, options?: SendOptions): Promise<string> {
    try {
      this.#mustBeOpen();
      if (this.#workers.size > 0) this.#outsideSends.look(CALLS[kind]);
      if (this.#telemetry) return this.#sendTold(kind, queue, data, options);
      const output = this.#sends.outgoing(kind, queue, data, options);
      if (output.kind === 'later') this.#needsMonitor();
      const inHand = this.#committing;
      if (!inHand) return this.#communicator.pushOne(output, output.id);
      keepBack(inHand, [output]);
      return Promise.resolve(output.id);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #sendTold(kind: SendKind, queue: string, data: unknown, options?: SendOptions): Promise<string> {
    const id = options?.id ?? newId();
    const sending = this.#telemetry?.sending(queue, this.#loop.inHand?.processing, id);
    const sends = this.#sends.traced(sending?.traceparent);
    return told(sending, async () => {
      await this.#push([sends.outgoing(kind, queue, data, { ...options, id })]);
      return id;
    });
  }

  /** Hands outputs to Redis, or keeps them back. */
  async #push(outputs: Output[]): Promise<void> {
    if (outputs[0]?.kind === 'later') this.#needsMonitor();
    const inHand = this.#committing;
    if (inHand) keepBack(inHand, outputs);
    else await this.#communicator.push(outputs);
  }

  #needsMonitor(): void {
    expectMonitor(this.#communicator, this.#options.metrics);
  }

  /** The marble in hand, where what is sent is kept back for its finish. */
  get #committing(): InHand | undefined {
    const { inHand } = this.#loop;
    return this.#options.atomic && inHand?.held.holder ? inHand : undefined;
  }

  #mustBeOpen(): void {
    if (this.#closing) throw new MarbleRunError('MR_CLOSED', 'this Marble is closed');
  }
}

const CALLS: Record<SendKind, string> = { back: 'send', front: 'expedite', up: 'elevate' };
