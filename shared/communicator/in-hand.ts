/**
 * Marbles in hand: what a holder asks and is told, and what it finishes as the arguments of `swap.lua`.
 */
import type { Envelope } from './envelope.js';
import type { Holding } from './holding.js';
import type { Output } from './outputs.js';
import type { ScriptArg } from './scripts.js';

/** A marble in hand. */
export class Held {
  constructor(
    readonly seq: number,
    readonly queue: string,
    readonly envelope: Envelope,
    /** Undefined for an unmonitored marble. */
    readonly holder: Holding | undefined,
  ) {}

  /** Of this delivery alone: a later delivery of the same marble has another. */
  get receipt(): string {
    return `${this.seq}/${this.queue}`;
  }
}

export interface Finished {
  /** Of this holder, and not given to `swap` before: an owner puts down what it finishes. */
  readonly held: Held;
  /** Committed in the same atomic step, and not at all if the finish is refused. */
  readonly outputs: readonly Output[];
}

export interface SwapRequest {
  readonly finish?: readonly Finished[];
  readonly abandon?: readonly Held[];
  /** Queues to take from, in strict order. */
  readonly sources?: readonly string[];
  /** Marbles to take at the most, up to 2,000. */
  readonly want?: number;
  /** The queue that `block` is called with next, if this finds nothing. */
  readonly waitOn?: string;
}

export interface Swapped {
  readonly forgotten: false;
  readonly taken: Held[];
  readonly refused: Set<string>;
  /** Batches, of those whose members were finished or sent, that are cancelled. */
  readonly cancelled: readonly string[];
}
export type SwapResult = { readonly forgotten: true } | Swapped;

export interface GivenBack {
  readonly held: Held;
  /** `late`: over its time limit, which counts as a failed attempt too. `release`: as if it had not been taken. `cancel`: for good, where its batch is cancelled; else as `release`. */
  readonly verdict: 'fail' | 'late' | 'release' | 'cancel';
  readonly delayMs: number;
  /** For `fail`: plain JSON. */
  readonly error?: unknown;
}

export type GiveBackResult =
  | { readonly forgotten: true }
  | { readonly forgotten: false; readonly refused: Set<string>; readonly dead: Set<string> };

/** That work on a marble begins, noted before it does. */
export interface Beginning {
  readonly held: Held;
  /** A time limit of its own from now on; 0: none; undefined: as was noted when it was taken. */
  readonly timeLimitMs?: number | undefined;
  /** Of a suspect (`Envelope.suspicion`): whether a crash from now on is charged to it. */
  readonly charge?: 'alone' | 'among others' | undefined;
}

export interface HoldingOptions {
  readonly leaseMs: number;
  /** Of a marble that was taken, from then on; 0: none. */
  readonly timeLimitMs: number;
  /** True: work on what is held may not have begun, so a crash is charged to nothing of it; `begin` tells more. Default false. */
  readonly takesAhead?: boolean;
  /** True: other holders of its process take ahead too, so that even the only one it has may be innocent. Default false. */
  readonly hasCompany?: boolean;
  readonly maxAttempts: number;
  /** What people shall read of this holder: host, pid, queue and the like. */
  readonly description: Record<string, string>;
}

/** Of each queue: its name, and the ranges of sequence numbers that are finished. Returns how many queues. */
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

/** Marbles are taken with numbers that follow each other and mostly finished so: few ranges name hundreds. */
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
