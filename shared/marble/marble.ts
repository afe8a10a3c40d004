/**
 * What a worker script imports: wait for a marble, work on it, send others on, finish.
 *
 * A marble goes: `send` puts it into a queue; `wait` takes it, and from then on this Marble (one
 * holder) has it on its lease; `finish` ends it. What may go wrong: the script is killed, hangs, or
 * waits again without finishing: then the Monitor brings the marble back with its attempt raised,
 * and a `finish` that comes after that throws MR_LEASE_LOST and changes nothing.
 */
import { Communicator, type RunStatus } from '../communicator/communicator.js';
import { newId, type Failure } from '../communicator/envelope.js';
import type { Holding } from '../communicator/holding.js';
import type { Held } from '../communicator/in-hand.js';
import { checkName } from '../communicator/keys.js';
import type { Output } from '../communicator/outputs.js';
import { MarbleRunError } from '../errors.js';
import { bad, checkOptions, having, whole, type Rules } from '../check-options.js';
import { decodeData } from './codec.js';
import { expectMonitor, forgetMonitor } from './expect-monitor.js';
import type { Handler } from './handling.js';
import { Lease, leaseLost } from './lease.js';
import { resolveOptions, type MarbleOptions, type ResolvedOptions } from './options.js';
import { outgoing, type SendKind, type SendOptions } from './outgoing.js';
import { backoffMs, describeError } from './retry.js';
import { sendMany } from './send-many.js';
import { Taker } from './taker.js';
import { Telemetry, told, type Processing, type Sending } from './telemetry.js';
import { Worker, type WorkOptions } from './work.js';

export interface WaitOptions {
  /** Give up after this and return undefined. Default: wait for ever. */
  readonly timeoutMs?: number;
  /** Aborting it makes `wait` throw the signal's reason; nothing is taken. */
  readonly signal?: AbortSignal;
}

const WAIT_RULES: Rules = {
  timeoutMs: whole(0),
  signal: having('an AbortSignal', (value) => value instanceof AbortSignal),
};

/** Queue names and the type of their data: `new Marble<{ pages: { url: string } }>()`. */
export type Queues = Record<string, unknown>;

interface InHand {
  readonly held: Held;
  /** Undefined for an unmonitored marble. */
  readonly holding: Holding | undefined;
  /** Kept back until `finish`, with `atomic`. */
  readonly outputs: Output[];
  readonly lost: AbortController;
  readonly processing: Processing | undefined;
}

export class Marble<Q extends object = Queues> {
  readonly #options: ResolvedOptions;
  readonly #telemetry: Telemetry | undefined;
  readonly #communicator: Communicator;
  readonly #lease: Lease | undefined;
  readonly #taker: Taker;
  readonly #workers = new Set<Worker>();
  #inHand: InHand | undefined;
  #waiting = false;
  #closing: Promise<void> | undefined;

  /** Checks the options and does no I/O: the first call connects. Throws MR_BAD_OPTION, MR_BAD_NAME. */
  constructor(options: MarbleOptions = {}) {
    this.#options = resolveOptions(options);
    this.#telemetry = Telemetry.of(this.#options);
    this.#communicator = new Communicator(this.#options, 'shared');
    this.#lease = this.#options.monitored
      ? new Lease(this.#communicator, this.#options, (holding) => this.#lost(holding))
      : undefined;
    this.#taker = new Taker(this.#communicator, this.#lease, this.#options);
  }

  /** Of the marble in hand. */
  get id(): string | undefined {
    return this.#inHand?.held.envelope.id;
  }

  /** Which delivery of the marble in hand this is, from 1. */
  get attempt(): number | undefined {
    return this.#inHand && this.#inHand.held.envelope.attempt + 1;
  }

  /** Of the marble in hand: its latest deliveries that were not finished, the oldest first. */
  get failures(): readonly Failure[] {
    return this.#inHand?.held.envelope.failures ?? [];
  }

  /** The queue that the marble in hand came from. */
  get queue(): string | undefined {
    return this.#inHand?.held.queue;
  }

  /** Aborted when the marble in hand is known to have been taken back. */
  get signal(): AbortSignal | undefined {
    return this.#inHand?.lost.signal;
  }

  /**
   * Waits for the next marble and returns its data. With several queues: in strict order.
   * A marble still in hand is abandoned: the Monitor brings it back with its attempt raised.
   */
  wait<K extends keyof Q & string>(queues: K | readonly K[]): Promise<Q[K]>;
  wait<K extends keyof Q & string>(queues: K | readonly K[], options: WaitOptions): Promise<Q[K] | undefined>;
  async wait<K extends keyof Q & string>(
    queues: K | readonly K[],
    options: WaitOptions = {},
  ): Promise<Q[K] | undefined> {
    checkOptions('wait', options, WAIT_RULES);
    return this.#take(queues, options.timeoutMs ?? Infinity, options.signal);
  }

  /** Like `wait`, but returns undefined at once where nothing waits. */
  check<K extends keyof Q & string>(queues: K | readonly K[]): Promise<Q[K] | undefined> {
    return this.#take(queues, 0, undefined);
  }

  /** Sends to the end of a queue; with `atomic` and a marble in hand, together with its `finish`. Returns the id. */
  send<K extends keyof Q & string>(queue: K, data: Q[K], options?: SendOptions): Promise<string> {
    return this.#send('back', queue, data, options);
  }

  /** Sends to the front of a queue. */
  expedite<K extends keyof Q & string>(queue: K, data: Q[K], options?: Omit<SendOptions, 'delayMs'>): Promise<string> {
    return this.#send('front', queue, data, options);
  }

  /** Sends to a queue of a higher run: it waits here until an Elevator carries it there. */
  elevate<K extends keyof Q & string>(queue: K, data: Q[K], options?: Omit<SendOptions, 'delayMs'>): Promise<string> {
    return this.#send('up', queue, data, options);
  }

  /** Sends any number, in order and with bounded memory. Returns how many. */
  async sendMany<K extends keyof Q & string>(
    queue: K,
    items: Iterable<Q[K]> | AsyncIterable<Q[K]>,
    options?: Omit<SendOptions, 'id'>,
  ): Promise<number> {
    this.#mustBeOpen();
    let sent = 0;
    const sending = this.#telemetry?.sending(queue, this.#inHand?.processing, undefined, () => sent);
    return told(sending, () =>
      sendMany(
        items,
        (data) => this.#outgoing('back', queue, data, options, sending),
        (outputs) => this.#dispatch(outputs).then(() => void (sent += outputs.length)),
      ),
    );
  }

  /** Ends the marble in hand and commits what was kept back. Throws MR_NOTHING_HELD, MR_LEASE_LOST. */
  async finish(): Promise<void> {
    const { held, holding, outputs, processing } = this.#putDown();
    if (!holding) return processing?.end('finished');
    const result = await holding.swap({ finish: [{ held, outputs }] });
    if (result.forgotten) await this.#lease?.renew(holding);
    if (result.forgotten || result.refused.has(held.receipt)) throw lost(held, processing);
    processing?.end('finished');
  }

  /** Gives the marble in hand back for another attempt, by default after a backoff; dead after `maxAttempts`. Throws MR_NOTHING_HELD, MR_LEASE_LOST. */
  async fail(error: unknown, options: { readonly retryInMs?: number } = {}): Promise<void> {
    checkOptions('fail', options, { retryInMs: whole(0) });
    const { held, holding, processing } = this.#putDown();
    if (!holding) throw new MarbleRunError('MR_NOTHING_HELD', 'fail: an unmonitored marble cannot be given back');
    const delayMs = options.retryInMs ?? backoffMs(held.envelope, this.#options);
    const result = await holding.giveBack([{ held, verdict: 'fail', delayMs, error: describeError(error) }]);
    if (result.forgotten) await this.#lease?.renew(holding);
    if (result.forgotten || result.refused.has(held.receipt)) throw lost(held, processing);
    processing?.end('failed', error);
  }

  /** What this worker is doing, for people: shown in the Monitor's list of holders. 200 characters at the most. */
  async report(message: string): Promise<void> {
    this.#mustBeOpen();
    if (typeof message !== 'string') bad('report.message', message, 'a string');
    await (await this.#lease?.holding())?.report(message);
  }

  /** How the run is: its Monitors, queues and figures. For people and tests; it reads all queues. */
  status(): Promise<RunStatus> {
    return this.#communicator.overview();
  }

  /**
   * Works on a queue with a handler, many marbles at a time. What the handler sends is committed
   * with its finish; a thrown error is a failed attempt. Starts at once; `stop()` on what it returns.
   */
  work<K extends keyof Q & string>(
    queues: K | readonly K[],
    handler: Handler<Q[K], Q>,
    options: WorkOptions = {},
  ): Worker {
    this.#mustBeOpen();
    if (!this.#options.monitored) bad('Marble.monitored', false, 'true, for work');
    const stopped = () => void this.#workers.delete(worker);
    const worker: Worker = new Worker(
      this.#communicator,
      this.#options,
      queueNames(queues),
      handler as Handler<unknown, never>,
      options,
      stopped,
    );
    this.#workers.add(worker);
    return worker;
  }

  /**
   * Stops workers, gives back what is held, waits for sends under way, disconnects. Safe twice. Throws
   * MR_CLOSED when that took longer than `closeTimeoutMs`: what is held then comes back after its lease.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#inHand = undefined;
    const timer = setTimeout(() => this.#communicator.disconnect(), this.#options.closeTimeoutMs);
    try {
      await Promise.all([...this.#workers].map((worker) => worker.stop()));
      await this.#taker.unblock();
      await this.#lease?.leave();
    } finally {
      forgetMonitor(this.#communicator);
      await this.#communicator.close();
      clearTimeout(timer);
    }
  }

  async #take<T>(
    queues: string | readonly string[],
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<T | undefined> {
    this.#mustBeOpen();
    const names = queueNames(queues);
    if (this.#waiting)
      throw new MarbleRunError(
        'MR_BUSY',
        'wait: another wait of this Marble is under way; use work() for many at a time',
      );
    this.#waiting = true;
    try {
      const abandoned = this.#inHand?.holding && this.#inHand.held;
      this.#inHand?.processing?.end(abandoned ? 'abandoned' : 'finished');
      this.#inHand = undefined;
      const found = await this.#taker.take(names, {
        timeoutMs,
        signal,
        abandoned,
        closed: () => this.#closing !== undefined,
      });
      if (!found) return undefined;
      const processing = this.#telemetry?.processing(found.held.queue, found.held.envelope);
      this.#inHand = { ...found, outputs: [], lost: new AbortController(), processing };
      return decodeData(found.held.envelope, this.#options.codec) as T;
    } finally {
      this.#waiting = false;
    }
  }

  /** Not async: a call that waits would keep `data` alive while its marble is under way, which V8 takes for a sign that such objects grow old. */
  #send(kind: SendKind, queue: string, data: unknown, options?: SendOptions): Promise<string> {
    try {
      this.#mustBeOpen();
      if (this.#telemetry) return this.#sendTold(this.#telemetry, kind, queue, data, options);
      const output = this.#outgoing(kind, queue, data, options);
      return this.#dispatch([output]).then(() => output.id);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #sendTold(telemetry: Telemetry, kind: SendKind, queue: string, data: unknown, options?: SendOptions) {
    const id = options?.id ?? newId();
    const sending = telemetry.sending(queue, this.#inHand?.processing, id);
    return told(sending, async () => {
      await this.#dispatch([this.#outgoing(kind, queue, data, { ...options, id }, sending)]);
      return id;
    });
  }

  #outgoing(kind: SendKind, queue: string, data: unknown, options?: SendOptions, sending?: Sending) {
    return outgoing(kind, queue, data, options, this.#options, this.#inHand?.held.envelope, sending?.traceparent);
  }

  /** Not async, so that a send costs one promise less. */
  #dispatch(outputs: Output[]): Promise<void> {
    if (outputs[0]?.kind === 'later') expectMonitor(this.#communicator);
    if (!this.#options.atomic || !this.#inHand?.holding) return this.#communicator.push(outputs);
    this.#inHand.outputs.push(...outputs);
    return Promise.resolve();
  }

  #putDown(): InHand {
    this.#mustBeOpen();
    const inHand = this.#inHand;
    if (!inHand) throw new MarbleRunError('MR_NOTHING_HELD', 'finish or fail: no marble is held; wait for one first');
    this.#inHand = undefined;
    return inHand;
  }

  #lost(holding: Holding): void {
    if (this.#inHand?.holding === holding) this.#inHand.lost.abort(leaseLost(this.#inHand.held));
  }

  #mustBeOpen(): void {
    if (this.#closing) throw new MarbleRunError('MR_CLOSED', 'this Marble is closed');
  }
}

function lost(held: Held, processing: Processing | undefined): MarbleRunError {
  const error = leaseLost(held);
  processing?.end('lost', error);
  return error;
}

function queueNames(queues: string | readonly string[]): string[] {
  const names = typeof queues === 'string' ? [queues] : Array.isArray(queues) ? [...(queues as string[])] : [];
  if (names.length === 0) bad('queues', queues, 'the name of a queue, or an array of names');
  for (const name of names) checkName('queue', name);
  return names;
}
