/**
 * Sends marbles, each command exactly once. A command is numbered, and Redis remembers the last number of each sender
 * for an hour. So one that is asked again after a cut connection is not done twice.
 *
 * One command is under way at a time, and what is sent meanwhile goes together with the next. This keeps the order, one
 * sender needs one number in Redis, and many small sends share a round trip. What may go wrong: a connection that is
 * cut for more than an hour leaves the last command in doubt. It is then asked again and may be done twice, but is
 * never lost. (The idea: Kafka's idempotent producer.)
 */
import type { Redis } from 'ioredis';
import { newId } from '../data/envelope.js';
import { sendingLarge } from '../data/large-data.js';
import type { RunKeys } from '../redis/keys.js';
import { batchClosed } from '../batch/batch-errors.js';
import { Members } from './members.js';
import { LargeOnes } from './large.js';
import { Backlog } from './backlog.js';
import { PlainScripts, REMEMBER_MS } from './plain-scripts.js';
import { LineTable, OutputGroups, sizeOf, type Output } from './outputs.js';
import type { Replicated } from '../redis/replicas.js';
import type { Part } from '../redis/rights.js';
import { callScript, type ScriptArg, type ScriptReply } from '../redis/scripts.js';

const MOST_OUTPUTS = 5_000;
const MOST_BYTES = 1_048_576;

type Reply = ScriptReply<'push' | 'pushBehind' | 'pushLarge'>;
type Command = (redis: Redis) => Promise<Reply>;

/**
 * One call of `send`. It is a class, because V8 puts objects of a literal straight into the old generation where many
 * of them outlived a collection (docs/PERFORMANCE.md).
 */
class PendingSend {
  constructor(
    readonly outputs: number,
    readonly result: unknown,
    readonly resolve: (result: never) => void,
    readonly reject: (error: unknown) => void,
  ) {}
}

/** All that a command says of its marbles beside them. */
interface Told {
  readonly members: Members;
  readonly large: LargeOnes;
}

interface Batch {
  readonly sends: readonly PendingSend[];
  readonly outputs: readonly Output[];
}

export class Sender {
  readonly #id = newId();
  #number = 0;
  readonly #waiting: PendingSend[] = [];
  /** The outputs of all that wait, one after the other. */
  readonly #outputs: Output[] = [];
  #busy: Promise<void> | undefined;
  readonly #backlog = new Backlog();
  #plainScripts: PlainScripts | undefined;
  /** Parts that this user is known to have the rights for. */
  readonly #allowed = new Set<Part>();

  constructor(
    private readonly connection: Replicated,
    private readonly keys: RunKeys,
  ) {}

  /**
   * Sends outputs. Resolves when the marbles are in Redis. Throws MR_REDIS_*: none of them is there, or, with
   * MR_REDIS_UNAVAILABLE, it is not known. Throws MR_TOO_FEW_REPLICAS: they are at the primary.
   */
  push(outputs: readonly Output[]): Promise<void> {
    if (outputs.length === 0) return Promise.resolve();
    for (const output of outputs) this.#outputs.push(output);
    return this.#send(outputs.length, undefined);
  }

  /**
   * Sends one. Resolves with `result`. A literal of one output would be one of those that V8 takes for long-lived, as
   * said above.
   */
  pushOne<T>(output: Output, result: T): Promise<T> {
    this.#outputs.push(output);
    return this.#send(1, result);
  }

  /** Sends the outputs that were added last. */
  #send<T>(outputs: number, result: T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(new PendingSend(outputs, result, resolve, reject));
      this.#busy ??= this.#drain();
    });
  }

  get busy(): boolean {
    return this.#busy !== undefined;
  }

  /** Resolves when all that was sent so far has been answered. */
  async settled(): Promise<void> {
    await this.#busy;
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // what is sent in this turn of the event loop goes together
    while (this.#waiting.length > 0) {
      const { sends, outputs } = this.#nextBatch();
      try {
        await this.#command(outputs);
        for (const { resolve, result } of sends) resolve(result as never);
      } catch (error) {
        for (const { reject } of sends) reject(error);
      }
    }
    this.#busy = undefined; // in the same step as the last look, or a send between the two would wait for ever
  }

  /**
   * Takes whole sends, at least one, within the limits. A send is atomic, so it is never divided. Sends to different
   * batches do not share a command, so that a closed batch refuses only its own.
   */
  #nextBatch(): Batch {
    let sends = 0;
    let outputs = 0;
    let bytes = 0;
    const { member } = this.#outputs[0]!;
    for (const waiting of this.#waiting) {
      const end = outputs + waiting.outputs;
      for (let i = outputs; i < end; i++) bytes += sizeOf(this.#outputs[i]!);
      if (sends > 0 && (end > MOST_OUTPUTS || bytes > MOST_BYTES || this.#outputs[outputs]!.member !== member)) break;
      outputs = end;
      sends++;
    }
    return { sends: this.#waiting.splice(0, sends), outputs: this.#outputs.splice(0, outputs) };
  }

  /** Sends what goes in one command. It is not async, so that a plain send costs a promise less. */
  #command(outputs: readonly Output[]): Promise<void> {
    const number = ++this.#number;
    const { queue } = outputs[0]!;
    const isPlain = outputs.length <= MOST_OUTPUTS && outputs.every((one) => isPlainOf(queue, one));
    return isPlain ? this.#plain(number, queue, outputs) : this.#any(number, outputs);
  }

  async #plain(number: number, queue: string, outputs: readonly Output[]): Promise<void> {
    // Nothing is awaited where nothing need be: a sender of many writes this batch before it encodes the next.
    if (!this.#allowed.has('push')) await this.#mustBeAllowed('push');
    if (outputs.length === 1 && this.#backlog.isIn(queue)) {
      const reply = await this.connection.run(this.#pushBehind(number, queue, outputs[0]!));
      if (reply !== -1) return;
    }
    const reply = await this.connection.run(this.#push(number, queue, outputs));
    this.#backlog.note(queue, reply === 2);
  }

  async #any(number: number, outputs: readonly Output[]): Promise<void> {
    const members = new Members();
    members.send(outputs);
    const large = new LargeOnes();
    large.send(outputs);
    const part = members.any ? 'batches' : 'pushAny';
    if (!this.#allowed.has(part)) await this.#mustBeAllowed(part);
    if (large.any && !this.#allowed.has('pushLarge')) await this.#mustBeAllowed('pushLarge');
    const command = this.#pushAny(number, outputs, { members, large });
    const reply = await this.connection.run(large.any ? this.#setting(large, command) : command);
    if (Array.isArray(reply)) throw batchClosed(reply);
  }

  async #mustBeAllowed(part: Part): Promise<void> {
    await this.connection.mustBeAllowed(part);
    this.#allowed.add(part);
  }

  /** Sets large data before the command that sends their marbles. */
  #setting({ outputs }: LargeOnes, command: Command): Command {
    const { keys } = this;
    return (redis) =>
      sendingLarge(
        { redis, keys, outputs },
        () => command(redis),
        (reply) => reply === -1,
      );
  }

  #push(number: number, queue: string, outputs: readonly Output[]): Command {
    const { push } = this.#scriptsTo(queue);
    const envelopes = outputs.map(({ envelope }) => envelope);
    return (redis) => push.call(redis, { number }, envelopes);
  }

  #pushBehind(number: number, queue: string, { envelope }: Output): Command {
    const { pushBehind } = this.#scriptsTo(queue);
    return (redis) => pushBehind.call(redis, { number, envelope });
  }

  /** Returns the scripts for plain sends to a queue. Most go to the one of the send before. */
  #scriptsTo(queue: string): PlainScripts {
    if (this.#plainScripts?.queue !== queue) this.#plainScripts = new PlainScripts(this.keys, this.#id, queue);
    return this.#plainScripts;
  }

  #pushAny(number: number, outputs: readonly Output[], { members, large }: Told): Command {
    const table = new LineTable(this.keys);
    const groups = new OutputGroups();
    groups.add(outputs);
    const tail: ScriptArg[] = [];
    groups.pushTo(tail, table);
    const head: ScriptArg[] = [];
    if (members.any || large.any) members.pushTo(head);
    if (large.any) large.pushTo(head);
    const script = large.any ? 'pushLarge' : members.any ? 'pushMembers' : 'pushAny';
    const moreKeys = large.any ? table.keys.concat(large.keys(this.keys)) : table.keys;
    const call = {
      keys: { sender: this.keys.sender(this.#id) },
      args: { number, rememberMs: REMEMBER_MS },
      ...{ moreKeys, moreArgs: [...head, table.names.length, ...table.names, ...tail] },
    };
    return (redis) => callScript(redis, this.keys, script, call);
  }
}

/** True for what goes to the end of a queue, and of which nothing else has to be told. */
function isPlainOf(of: string, { kind, queue, member, large }: Output): boolean {
  return kind === 'back' && queue === of && member === undefined && large === undefined;
}
