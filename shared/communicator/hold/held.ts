/**
 * Marbles in hand: what a holder asks, and what it is told.
 */
import type { Envelope } from '../data/envelope.js';
import type { Holding } from './holding.js';
import type { Output } from '../send/outputs.js';

/** Data that were decoded as they came, or why they could not be. */
export type Loaded = { readonly data: unknown } | { readonly error: unknown };

/** Decodes the data of a marble. */
export type Decode = (envelope: Envelope) => unknown;

/** A marble in hand. */
export class Held {
  /** Its large data as they were decoded, from when they are read until they are handed out. */
  loaded: Loaded | undefined;

  constructor(
    readonly seq: number,
    readonly queue: string,
    readonly envelope: Envelope,
    /** Undefined for an unmonitored marble. */
    readonly holder: Holding | undefined,
  ) {}

  /** The name of this delivery alone: a later delivery of the same marble has another. */
  get receipt(): string {
    return `${this.seq}/${this.queue}`;
  }
}

export interface Finished {
  /** The marble. It belongs to this holder and was not given to `swap` before: an owner puts down what it finishes. */
  readonly held: Held;
  /** Marbles to send in the same atomic step. None is sent if the finish is refused. */
  readonly outputs: readonly Output[];
}

export interface SwapRequest {
  readonly finish?: readonly Finished[];
  readonly abandon?: readonly Held[];
  /** Queues to take from, in strict order. */
  readonly sources?: readonly string[] | undefined;
  /** The most marbles to take, up to 2,000. */
  readonly want?: number | undefined;
  /** The queue of the wake-up that this follows, one of the sources. */
  readonly woken?: string | undefined;
  /** True where work on what is taken may not begin at once: `begin` is to note what must be noted before it does. */
  readonly isAhead?: boolean | undefined;
  /** The queue that `block` waits on next, if this finds nothing. */
  readonly waitOn?: string | undefined;
}

const NO_RECEIPTS: ReadonlySet<string> = new Set();

/** Reads receipts that Redis has refused. Nearly always there are none, and nothing is made. */
export function receiptsIn(refused: readonly Buffer[]): ReadonlySet<string> {
  return refused.length === 0 ? NO_RECEIPTS : new Set(refused.map(String));
}

export interface Swapped {
  readonly forgotten: false;
  readonly taken: Held[];
  readonly refused: ReadonlySet<string>;
  /** Cancelled batches among those whose members were finished or sent. */
  readonly cancelled: readonly string[];
}
export type SwapResult = { readonly forgotten: true } | Swapped;

export interface GivenBack {
  readonly held: Held;
  /**
   * How it is given back. `late`: over its time limit, which counts as a failed attempt too. `release`: as if it had
   * not been taken. `cancel`: dropped for good where its batch is cancelled, or else as `release`. `missing`: dead at
   * once where its large data are not there, or else as `release`.
   */
  readonly verdict: 'fail' | 'late' | 'release' | 'cancel' | 'missing';
  readonly delayMs: number;
  /** The error of a `fail`, as plain JSON. */
  readonly error?: unknown;
}

export type GiveBackResult =
  | { readonly forgotten: true }
  | { readonly forgotten: false; readonly refused: Set<string>; readonly dead: Set<string> };

/** A note that work on a marble begins, made before it does. */
export interface Beginning {
  readonly held: Held;
  /** A time limit of its own from now on; 0: none; undefined: the one noted when it was taken. */
  readonly timeLimitMs?: number | undefined;
  /** Whether a crash from now on is charged to it. Only for a suspect (`Envelope.suspicion`). */
  readonly charge?: 'alone' | 'among others' | undefined;
}

export interface HoldingOptions {
  readonly leaseMs: number;
  /** The time limit of a marble from when it was taken; 0: none. */
  readonly timeLimitMs: number;
  /**
   * True where work on what is held may not have begun, so that a crash is charged to none of it. `begin` tells more.
   * Default false.
   */
  readonly takesAhead?: boolean;
  /**
   * True where other holders of its process take ahead too, so that even its only marble may be innocent. Default
   * false.
   */
  readonly hasCompany?: boolean;
  readonly maxAttempts: number;
  /** A description of this holder for people: host, pid, queue and the like. */
  readonly description: Record<string, string>;
}
