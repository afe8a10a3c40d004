/**
 * How far a worker has come with what it holds. This lies in memory that its heartbeat's thread reads while the main
 * loop is blocked.
 *
 * Work on a marble begins here (`begin`). The thread freezes the progress before it gives back what has not begun, in
 * one atomic step. So nothing begins that may have been given back. The main loop ends the freeze with its next
 * `begin`. From then on it begins nothing that it had asked the bus for before. What may go wrong: the thread's command
 * reaches Redis late, when the main loop works again. Redis has then noted a newer command of this holder, and refuses
 * it.
 */

/** Progress as the thread has found it. */
export interface Frozen {
  /** The highest sequence number on which work has begun; 0: none. */
  readonly begun: number;
  /** The last numbered command that was sent. */
  readonly op: number;
  /** True where a marble may be in the inbox that the main loop has not seen. */
  readonly mayBeInInbox: boolean;
}

/**
 * Places of the state and of whether something may be in the inbox: 32 bits each, the cheapest to change atomically for
 * each marble.
 */
const [STATE, UNSEEN] = [0, 1];
/** Places of the last command and the next sequence number: 64 bits each. */
const [OP, NEXT] = [0, 1];
const BYTES = 24;
/** Bits of the state: whether it is frozen, and the lower bits of the highest sequence number that has begun. */
const FROZEN = 0x4000_0000;
const LOWER_BITS = 0x3fff_ffff;

const numbersOf = (memory: SharedArrayBuffer) => new BigInt64Array(memory, 0, 2);
const flagsOf = (memory: SharedArrayBuffer) => new Int32Array(memory, 16, 2);

/** The main loop's side. It numbers what a holder asks and holds. */
export class Progress {
  readonly memory = new SharedArrayBuffer(BYTES);
  readonly #numbers = numbersOf(this.memory);
  readonly #flags = flagsOf(this.memory);
  #op = 0;
  #next = 1;
  #begun = 0;
  /** The bound below which deliveries that have not begun may have been given back. */
  #passed = 0;

  /** The number of the next command. */
  nextOp(): number {
    Atomics.store(this.#numbers, OP, BigInt(++this.#op));
    return this.#op;
  }

  /** The sequence number that the next marble will have. */
  get nextSeq(): number {
    return this.#next;
  }

  /** Keeps `n` sequence numbers from `nextSeq` on. */
  keepSeqs(n: number): void {
    this.#next += n;
    Atomics.store(this.#numbers, NEXT, BigInt(this.#next));
  }

  /** Tells the thread whether a marble may be in the inbox that has not been seen here. */
  set mayBeInInbox(may: boolean) {
    Atomics.store(this.#flags, UNSEEN, may ? 1 : 0);
  }

  /** Ends a freeze. Nothing begins that the bus was asked for before. */
  thaw(): void {
    const before = this.#begun & LOWER_BITS;
    if (Atomics.exchange(this.#flags, STATE, before) !== before) this.#passed = this.#next;
  }

  /**
   * Notes that work on this one begins, just before it does. False where it must not, because it may have been given
   * back.
   */
  begin(seq: number): boolean {
    if (seq < this.#passed) return false;
    const before = this.#begun & LOWER_BITS;
    const begun = Math.max(this.#begun, seq);
    if (Atomics.compareExchange(this.#flags, STATE, before, begun & LOWER_BITS) === before) {
      this.#begun = begun;
      return true;
    }
    Atomics.store(this.#flags, STATE, before);
    this.#passed = this.#next;
    return false;
  }
}

/** The thread's side. It only freezes and reads. */
export class ProgressReader {
  readonly #numbers: BigInt64Array;
  readonly #flags: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#numbers = numbersOf(memory);
    this.#flags = flagsOf(memory);
  }

  get isFrozen(): boolean {
    return (Atomics.load(this.#flags, STATE) & FROZEN) !== 0;
  }

  /**
   * Freezes the progress: from now on nothing begins. Undefined where the main loop was about to begin something, or
   * went on meanwhile.
   */
  freeze(): Frozen | undefined {
    const state = Atomics.load(this.#flags, STATE);
    if (Atomics.compareExchange(this.#flags, STATE, state, state | FROZEN) !== state) return undefined;
    const [op, next] = [OP, NEXT].map((at) => Number(Atomics.load(this.#numbers, at))) as [number, number];
    const mayBeInInbox = Atomics.load(this.#flags, UNSEEN) === 1;
    const behind = ((next & LOWER_BITS) - (state & LOWER_BITS)) & LOWER_BITS;
    return this.isFrozen ? { begun: next - behind, op, mayBeInInbox } : undefined;
  }
}
