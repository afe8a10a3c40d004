/**
 * A marble for the unit test of a handler, without Redis and without a queue. It refuses what a real one refuses, and
 * tells what was sent.
 */
import { decodeEnvelope, newId, type Envelope } from '../communicator/data/envelope.js';
import type { Failure } from '../communicator/data/header.js';
import { Held } from '../communicator/hold/held.js';
import { checkName } from '../communicator/redis/keys.js';
import type { Output } from '../communicator/send/outputs.js';
import { decodeData, encodeData } from '../marble/codec.js';
import { HeldInHandler } from '../marble/held-in-handler.js';
import type { HeldMarble } from '../marble/held-marble.js';
import { leaseLost } from '../marble/lease-lost.js';
import { resolveOptions, type ResolvedOptions } from '../marble/options.js';
import type { Codec, Queues } from '../marble/types.js';

export interface FakeMarbleOptions {
  readonly queue?: string;
  readonly id?: string;
  /** The number of this delivery, from 1. */
  readonly attempt?: number;
  readonly batch?: string;
  readonly failures?: readonly Failure[];
  readonly codec?: Codec;
}

/** A marble that a handler sent. */
export interface Sent {
  readonly how: 'send' | 'expedite' | 'elevate';
  readonly queue: string;
  /** The data as its receiver would get it. */
  readonly data: unknown;
  readonly id: string;
  readonly delayMs: number;
}

const HOW: Readonly<Record<Output['kind'], Sent['how']>> = {
  back: 'send',
  later: 'send',
  front: 'expedite',
  up: 'elevate',
  upFront: 'elevate',
  dead: 'send',
};

/** Makes a marble for a test: `await handler(marble.data, marble)`, then look at `marble.sent`. */
export function fakeMarble<T, Q extends object = Queues>(data: T, about: FakeMarbleOptions = {}): FakeMarble<T, Q> {
  return new Fake<T, Q>(data, about);
}

/** A marble of a test. Its `data` is as a handler gets it: values that do not survive being sent are missing. */
export interface FakeMarble<T, Q extends object = Queues> extends HeldMarble<Q, string, T> {
  /** The reports of the handler, the latest last. */
  readonly reports: readonly string[];
  /** The marbles that would be committed with the finish of this one. */
  readonly sent: readonly Sent[];
  /** The time that the handler gave to `retryIn`. */
  readonly retriesInMs: number | undefined;
  /** Aborts `signal`, as when the lease passes while a handler works. */
  loseLease(): void;
}

class Fake<T, Q extends object> extends HeldInHandler<Q, string, T> implements FakeMarble<T, Q> {
  readonly reports: string[] = [];
  readonly #codec: Codec | undefined;

  constructor(data: T, about: FakeMarbleOptions) {
    const options = { ...resolveOptions(about.codec ? { codec: about.codec } : {}, {}), largeBytes: 0 };
    const envelope = envelopeOf(data, about, options);
    super(new Held(1, checkName('queue', about.queue ?? 'test'), envelope, undefined), options);
    this.#codec = about.codec;
    this.data = decodeData(envelope, about.codec) as T;
  }

  get sent(): Sent[] {
    return this.outputs.map(({ kind, queue, envelope, delayMs = 0 }) => {
      const sent = decodeEnvelope(Buffer.from(envelope as string));
      return { how: HOW[kind], queue, data: decodeData(sent, this.#codec), id: sent.id, delayMs };
    });
  }

  get retriesInMs(): number | undefined {
    return this.retryInMs;
  }

  override report(message: string): Promise<void> {
    this.reports.push(message);
    return Promise.resolve();
  }

  loseLease(): void {
    this.abort(leaseLost(this.held));
  }
}

function envelopeOf(data: unknown, about: FakeMarbleOptions, options: ResolvedOptions): Envelope {
  const { id = newId(), attempt = 1, batch, failures } = about;
  const encoded = encodeData(data, options.maxDataBytes, options.codec);
  const header = { id: checkName('id', id), attempt: attempt - 1, sentAt: Date.now(), type: encoded.type };
  const extras = { ...(batch === undefined ? {} : { batch }), ...(failures ? { failures } : {}) };
  return { ...header, ...extras, data: Buffer.from(encoded.data as string) };
}
