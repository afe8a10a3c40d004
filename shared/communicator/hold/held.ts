/**
 * Marbles in hand: what a holder asks and is told, and what it finishes, written as the arguments of `swap.lua`.
 */
import type { Envelope } from '../data/envelope.js';
import type { Holding } from './holding.js';
import type { Output } from '../send/outputs.js';
import type { ScriptArg } from '../redis/scripts.js';

/** A marble in hand. */
export class Held {
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
  readonly sources?: readonly string[];
  /** The most marbles to take, up to 2,000. */
  readonly want?: number;
  /** The queue that `block` waits on next, if this finds nothing. */
  readonly waitOn?: string;
}

export interface Swapped {
  readonly forgotten: false;
  readonly taken: Held[];
  readonly refused: Set<string>;
  /** Cancelled batches among those whose members were finished or sent. */
  readonly cancelled: readonly string[];
}
export type SwapResult = { readonly forgotten: true } | Swapped;

export interface GivenBack {
  readonly held: Held;
  /**
   * How it is given back. `late`: over its time limit, which counts as a failed attempt too. `release`: as if it had
   * not been taken. `cancel`: dropped for good where its batch is cancelled, or else as `release`.
   */
  readonly verdict: 'fail' | 'late' | 'release' | 'cancel';
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

/** Appends each queue: its name, and the ranges of sequence numbers that are finished. Returns how many queues. */
export function pushFinished(finish: readonly Finished[], args: ScriptArg[]): number {
  const byQueue = new Map<string, number[]>();
  for (const { held } of finish) {
    const numbers = byQueue.get(held.queue);
    if (numbers) numbers.push(held.seq);
    else byQueue.set(held.queue, [held.seq]);
  }
  for (const [queue, numbers] of byQueue) {
    args.push(queue);
    pushRanges(numbers, args);
  }
  return byQueue.size;
}

/**
 * Appends ranges of numbers. Marbles are taken with consecutive numbers and mostly finished so: few ranges name
 * hundreds.
 */
function pushRanges(numbers: number[], args: ScriptArg[]): void {
  const countAt = args.push(0) - 1;
  numbers.sort((a, b) => a - b);
  let ranges = 0;
  for (let i = 0; i < numbers.length; ranges++) {
    const first = numbers[i]!;
    let n = 1;
    while (numbers[i + n] === first + n) n++;
    args.push(first, n);
    i += n;
  }
  args[countAt] = ranges;
}
