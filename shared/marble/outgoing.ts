/**
 * Turns what a script sends into outputs: encoded once, and checked before anything is sent.
 */
import { encodeEnvelope, newId, plainEnvelope, type Envelope } from '../communicator/data/envelope.js';
import type { LargeOutput } from '../communicator/data/set-data.js';
import { checkName } from '../communicator/redis/keys.js';
import type { Output } from '../communicator/send/outputs.js';
import { checkOptions, delay, flag, having, time, whole, type Rules } from '../check-options.js';
import { encodeData, type Encoded } from './codec.js';
import type { ResolvedOptions } from './options.js';
import type { SendOptions } from './send-options.js';

/** The place where a marble goes: the end of a queue, its front, or a queue of a higher run. */
export type SendKind = 'back' | 'front' | 'up';

const SHARED: Rules = {
  maxAttempts: whole(1, 1_000_000),
  timeLimitMs: time,
  retryBaseMs: delay,
  retryMaxMs: delay,
  batch: having('a name, or null', (value) => value === null || checkName('id', value, 'send.batch') !== ''),
};
const UNDELAYED: Rules = { id: having('an id', (value) => checkName('id', value, 'send.id') !== ''), ...SHARED };
const DELAYED: Rules = { ...UNDELAYED, delayMs: delay };
const ELEVATED: Rules = { ...UNDELAYED, expedite: flag };
const MANY: Rules = { ...SHARED, delayMs: delay };

const CHECKS: Record<SendKind, { readonly call: string; readonly rules: Rules }> = {
  back: { call: 'send', rules: DELAYED },
  front: { call: 'expedite', rules: UNDELAYED },
  up: { call: 'elevate', rules: ELEVATED },
};

/** Checks a send of many marbles, which cannot share one id. Throws MR_BAD_NAME, MR_BAD_OPTION. */
export function checkMany(queue: string, options: unknown): void {
  checkName('queue', queue);
  if (options !== undefined) checkOptions('sendMany', options, MANY);
}

/** An output. It is a class for the same reason as the entries that wait in `sender.ts`. */
class Outgoing implements Output {
  // eslint-disable-next-line max-params -- made for each send: an object for the parameters would be a literal under way
  constructor(
    readonly id: string,
    readonly kind: Output['kind'],
    readonly queue: string,
    readonly envelope: string | Buffer,
    readonly delayMs: number,
    readonly member: string | undefined,
    readonly isInside: boolean,
    readonly large: LargeOutput | undefined,
  ) {}
}

/** Data that are to lie beside the list; a class likewise. */
class Large implements LargeOutput {
  isAhead = false;

  constructor(
    readonly name: string,
    readonly bytes: number,
    readonly data: string | Buffer,
  ) {}
}

/** The queue of the previous send. Most sends go to the same queue, so its name is not checked again. */
let lastQueue = '';

/** The labels that go on to what is sent: from the marble in hand, or from the batch that is sent to from outside. */
export interface Parent extends Pick<Envelope, 'batch' | 'member' | 'origin' | 'hops'> {
  readonly isOutside?: boolean;
}

/**
 * The place from which a caller sends: what is the same for all that it sends. It lives as long as the caller, so that
 * no object is made for each send.
 */
export class SendPlace {
  /** Reads the labels that go on from the envelope of `from` with each send: the marble in hand may be another by then. */
  constructor(
    private readonly options: ResolvedOptions,
    private readonly from: { readonly envelope: Parent | undefined },
    private readonly traceparent?: string,
  ) {}

  /** Returns the place of sends with a span of their own; this one where there is none. */
  traced(traceparent: string | undefined): SendPlace {
    return traceparent === undefined ? this : new SendPlace(this.options, this.from, traceparent);
  }

  outgoing(kind: SendKind, queue: string, data: unknown, send: SendOptions | undefined): Outgoing {
    if (queue !== lastQueue) lastQueue = checkName('queue', queue);
    if (send !== undefined) checkOptions(CHECKS[kind].call, send, CHECKS[kind].rules);
    const encoded = encodeData(data, this.options.maxDataBytes, this.options.codec);
    const large = largeOutput(encoded.data, this.options.largeBytes);
    const isTold = send !== undefined || this.from.envelope !== undefined || this.traceparent !== undefined;
    if (isTold || large || typeof encoded.data !== 'string') return this.#told(kind, queue, encoded, large, send);
    const id = newId();
    return new Outgoing(id, kind, queue, plainEnvelope(id, encoded.type, encoded.data), 0, undefined, true, undefined);
  }

  /** Makes an output of which more is told than its data. */
  // eslint-disable-next-line max-params -- likewise: an output of a handler passes here
  #told(kind: SendKind, queue: string, { type, data }: Encoded, large?: LargeOutput, send?: SendOptions): Outgoing {
    const parent = this.from.envelope;
    const expedited = send?.expedite === true;
    const id = send?.id ?? newId();
    const member = send?.batch === null ? undefined : parent?.member;
    const isInside = parent?.isOutside !== true;
    // One literal of one shape, without spreads: this is made for every output of a handler.
    const header = {
      id,
      attempt: 0,
      sentAt: Date.now(),
      type,
      maxAttempts: send?.maxAttempts,
      timeLimitMs: send?.timeLimitMs,
      retryBaseMs: send?.retryBaseMs,
      retryMaxMs: send?.retryMaxMs,
      batch: send?.batch === null ? undefined : (send?.batch ?? parent?.batch),
      member,
      origin: parent?.origin,
      hops: parent?.hops,
      traceparent: this.traceparent,
      expedited: expedited ? 1 : undefined,
    };
    const envelope = large ? encodeEnvelope({ ...header, large }, '') : encodeEnvelope(header, data);
    if (send?.delayMs && kind === 'back')
      return new Outgoing(id, 'later', queue, envelope, send.delayMs, member, isInside, large);
    return new Outgoing(id, expedited ? 'upFront' : kind, queue, envelope, 0, member, isInside, large);
  }
}

/** Returns data that are to lie beside the list. Their name is not the id of the marble: an id may be sent twice. */
function largeOutput(data: string | Buffer, largeBytes: number): LargeOutput | undefined {
  if (largeBytes === 0 || data.length * 3 < largeBytes) return undefined; // no character takes more than three bytes
  const bytes = Buffer.byteLength(data);
  return bytes < largeBytes ? undefined : new Large(newId(), bytes, data);
}
