/**
 * Sends marbles, each command exactly once. A command is numbered, and Redis remembers the last number of each sender
 * for an hour. So one that is asked again after a cut connection is not done twice.
 *
 * One command is under way at a time, and what is sent meanwhile goes together with the next. This keeps the order, one
 * sender needs one number in Redis, and many small sends share a round trip. Where much waits, up to four are under way;
 * each is done only where the one before it was (`pushNext`). What may go wrong: a connection that is cut for more than
 * an hour leaves the last command in doubt. It is then asked again and may be done twice, but is never lost. (The idea:
 * Kafka's idempotent producer.)
 */
import type { RunKeys } from '../redis/keys.js';
import type { Replicated } from '../redis/replicas.js';
import { MOST_BYTES, sizeOf, type Output } from './outputs.js';
import { SendCommands } from './send-commands.js';

const MOST_OUTPUTS = 5_000;
/**
 * Where more than this waits, a command takes so much of it, and the next one does not wait for the answer: Redis works
 * on one while others are written and on their way. Sizes and numbers of such pieces were measured (docs/PERFORMANCE.md).
 */
const PIECE_BYTES = 24_576;
const LEAST_BEHIND = PIECE_BYTES / 2;
const MOST_UNDER_WAY = 4;

/**
 * One call of `send`. It is a class, because V8 puts objects of a literal straight into the old generation where many
 * of them outlived a collection (docs/PERFORMANCE.md).
 */
class PendingSend {
  /** Size of its outputs. */
  bytes = 0;

  constructor(
    readonly outputs: number,
    readonly result: unknown,
    readonly resolve: (result: never) => void,
    readonly reject: (error: unknown) => void,
  ) {}
}

interface Batch {
  readonly sends: readonly PendingSend[];
  readonly outputs: readonly Output[];
  /** True where all of it goes to the back of one queue, and nothing else has to be told. */
  readonly isPlain: boolean;
}

export class Sender {
  readonly #commands: SendCommands;
  #number = 0;
  readonly #waiting: PendingSend[] = [];
  /** The outputs of all that wait, one after the other. */
  readonly #outputs: Output[] = [];
  #waitingBytes = 0;
  #underWay = 0;
  /** Settles when the newest command has been answered. */
  #newest: Promise<void> = Promise.resolve();
  #willLook = false;

  constructor(connection: Replicated, keys: RunKeys) {
    this.#commands = new SendCommands(connection, keys);
  }

  /**
   * Sends outputs. Resolves when the marbles are in Redis. Throws MR_REDIS_*: none of them is there, or, with
   * MR_REDIS_UNAVAILABLE, it is not known. Throws MR_TOO_FEW_REPLICAS: they are at the primary.
   */
  push(outputs: readonly Output[]): Promise<void> {
    if (outputs.length === 0) return Promise.resolve();
    let bytes = 0;
    for (const output of outputs) bytes += this.#add(output);
    return this.#send(outputs.length, bytes, undefined);
  }

  /**
   * Sends one. Resolves with `result`. A literal of one output would be one of those that V8 takes for long-lived, as
   * said above.
   */
  pushOne<T>(output: Output, result: T): Promise<T> {
    return this.#send(1, this.#add(output), result);
  }

  /** Adds an output to those that wait. Returns its size. */
  #add(output: Output): number {
    this.#outputs.push(output);
    if (output.large) this.#commands.setAhead(output.large);
    return sizeOf(output);
  }

  /** Sends the outputs that were added last. */
  #send<T>(outputs: number, bytes: number, result: T): Promise<T> {
    this.#waitingBytes += bytes;
    return new Promise((resolve, reject) => {
      const pending = new PendingSend(outputs, result, resolve, reject);
      pending.bytes = bytes;
      this.#waiting.push(pending);
      if (this.#mayBegin()) this.#lookSoon();
    });
  }

  get busy(): boolean {
    return this.#underWay > 0 || this.#waiting.length > 0;
  }

  /** Resolves when all that was sent so far has been answered. */
  async settled(): Promise<void> {
    while (this.busy) await this.#newest;
  }

  #mayBegin(): boolean {
    if (this.#underWay === 0) return true;
    return this.#underWay < MOST_UNDER_WAY && this.#waitingBytes >= LEAST_BEHIND;
  }

  /** Looks at what waits when this turn of the event loop has sent all that it sends: that goes together. */
  #lookSoon(): void {
    if (this.#willLook) return;
    this.#willLook = true;
    void Promise.resolve().then(this.#look);
  }

  readonly #look = (): void => {
    this.#willLook = false;
    while (this.#waiting.length > 0 && this.#mayBegin()) {
      const before = this.#underWay > 0 ? this.#newest : undefined;
      const batch = this.#nextBatch(before !== undefined);
      if (batch.sends.length === 0) return; // it has to wait for those that are under way
      this.#newest = this.#deliver(batch, before);
      this.#commands.setMoreAhead(this.#outputs);
    }
  };

  /** Sends a batch, and tells its senders. Never rejects. */
  async #deliver(batch: Batch, before: Promise<void> | undefined): Promise<void> {
    this.#underWay++;
    try {
      await this.#command(batch, before);
      for (const { resolve, result } of batch.sends) resolve(result as never);
    } catch (error) {
      for (const { reject } of batch.sends) reject(error);
    }
    this.#underWay--;
    if (this.#waiting.length > 0) this.#lookSoon();
  }

  /**
   * Takes whole sends within the limits, at least one. What is to follow a command that is under way has to be plain and
   * not too little: otherwise none is taken. A send is atomic, so it is never divided. Sends to different batches do not
   * share a command, so that a closed batch refuses only its own.
   */
  #nextBatch(follows: boolean): Batch {
    const { queue, member } = this.#outputs[0]!;
    let [sends, outputs, bytes, isPlain] = [0, 0, 0, true];
    for (const waiting of this.#waiting) {
      const end = outputs + waiting.outputs;
      const sum = bytes + waiting.bytes;
      let isPlainStill = isPlain && end <= MOST_OUTPUTS;
      for (let i = outputs; isPlainStill && i < end; i++) isPlainStill = isPlainOf(queue, this.#outputs[i]!);
      if (follows && !isPlainStill) break;
      const isTooMuch = end > MOST_OUTPUTS || sum > (isPlainStill ? PIECE_BYTES : MOST_BYTES);
      if (sends > 0 && (isTooMuch || this.#outputs[outputs]!.member !== member)) break;
      [outputs, bytes, isPlain] = [end, sum, isPlainStill];
      sends++;
    }
    if (follows && bytes < LEAST_BEHIND) return { sends: [], outputs: [], isPlain };
    this.#waitingBytes -= bytes;
    return { sends: this.#waiting.splice(0, sends), outputs: this.#outputs.splice(0, outputs), isPlain };
  }

  /** Sends what goes in one command. It is not async, so that a plain send costs a promise less. */
  #command({ outputs, isPlain }: Batch, before: Promise<void> | undefined): Promise<void> {
    const number = ++this.#number;
    if (!isPlain) return this.#commands.any(number, outputs);
    return before ? this.#commands.next(number, before, outputs) : this.#commands.plain(number, outputs);
  }
}

/** True for what goes to the end of a queue, and of which nothing else has to be told. */
function isPlainOf(of: string, { kind, queue, member, large }: Output): boolean {
  return kind === 'back' && queue === of && member === undefined && large === undefined;
}
